"""papayactl: what the admin does with a room."""
