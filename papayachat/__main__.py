"""`python -m papayachat`."""

from papayachat.main import main

main()
