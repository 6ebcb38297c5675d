"""papayactl as an admin runs it, in a room of the real daemon and in one of stand-ins."""
