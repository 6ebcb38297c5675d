"""papayactl, through its command line."""
