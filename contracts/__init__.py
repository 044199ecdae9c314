"""What every part of Tripline agrees on: the event, the settings, the errors, and how they speak to people."""
