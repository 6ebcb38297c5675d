"""python -m lab.torture.model: see `--help`."""

from contextlib import suppress

from lab.torture.model.model import main

with suppress(KeyboardInterrupt):
    main()
