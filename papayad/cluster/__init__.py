"""A client's two processes, RECV and SEND, from the fork on."""
