"""What SECURITY.md promises, tried: a room under attack and under chaos, with an oracle.

Everything is bounded in time and count, on loopback, and in a directory that is removed.
"""
