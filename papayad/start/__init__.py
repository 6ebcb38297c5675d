"""What a start of papayad does once, before it serves."""
