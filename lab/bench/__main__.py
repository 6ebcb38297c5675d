"""python -m lab.bench: see `--help`."""

from lab.bench.main import main

main()
