"""`python -m papayactl`."""

from papayactl.main import main

main()
