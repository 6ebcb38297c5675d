"""Sockets, TLS, and how fast a client may send."""
