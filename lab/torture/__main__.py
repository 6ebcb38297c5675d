"""python -m lab.torture: see `--help`."""

from lab.torture.main import main

main()
