"""Puts trip events on the topic: real trips replayed from a file, or a simulated city."""
