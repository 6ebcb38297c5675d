"""python -m contrib.torture: see `--help`."""

from contrib.torture.main import main

main()
