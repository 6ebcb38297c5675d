"""Sockets, TLS, and how fast somebody may go."""
