"""A room in which processes die, disks fill up and system calls fail, and an oracle."""
