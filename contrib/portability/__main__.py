"""python -m contrib.portability: see `--help`."""

from contrib.portability.main import main

main()
