"""Rooms, processes and clients to try things with: what tests and lab share."""
