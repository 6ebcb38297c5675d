"""docs/portability.md, made by a command: every test on every platform that can be had here.

What runs is Debian, from its own packages; what differs on systems that do not run here is in
`calls.toml`, each line with the manual page that says so.
"""
