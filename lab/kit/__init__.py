"""Rooms, processes and clients to try things with: what tests and lab share."""

from pathlib import Path

#: The directory with everything: of the programs, the tests, the manual pages.
CHECKOUT = Path(__file__).parents[2]
