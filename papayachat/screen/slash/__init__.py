"""Slash commands, typed instead of a message. The docstring of each is its help."""
