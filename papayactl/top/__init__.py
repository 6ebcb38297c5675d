"""The live table of `papayactl top`."""
