"""Tries what SECURITY.md promises: a room under attack, and under chaos with an oracle.

All of it is bounded in time and number, on loopback, and in a directory that is removed.
"""
