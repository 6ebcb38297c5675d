"""A new room, and invites to it."""
