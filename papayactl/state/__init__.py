"""The room's files, as papayactl reads and changes them."""
