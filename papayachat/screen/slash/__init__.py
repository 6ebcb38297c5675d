"""Slash commands: what may be typed instead of a message. Each says itself what it is for."""
