"""What is wrong with a room, and the command that mends it."""
