"""Attacks on the port, and what people in the room notice of them."""
