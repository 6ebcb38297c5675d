"""What a person sees of a room, without a terminal."""
