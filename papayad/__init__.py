"""papayad: the chat daemon; a small cluster of processes per client around one append-only log."""

__version__ = "0.1.0"
