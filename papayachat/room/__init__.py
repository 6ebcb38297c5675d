"""The connection to a room, and messages each sent once."""
