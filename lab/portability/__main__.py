"""python -m lab.portability: see `--help`."""

from lab.portability.main import main

main()
