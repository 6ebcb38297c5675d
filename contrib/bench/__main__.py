"""python -m contrib.bench: see `--help`."""

from contrib.bench.main import main

main()
