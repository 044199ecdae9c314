"""What Tripline's speed and memory are measured with: contenders in processes of their own, taking turns."""
