"""Makes docs/portability.md: runs every test on every platform that this machine can run.

These are releases of Debian, with their own packages. What differs on systems that do not run here
is in `calls.toml`, each line with the manual page that says so.
"""
