"""A terminal without a person: an emulator, and a room that plays a script."""
