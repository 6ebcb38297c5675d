"""Acting: what ends, stops, tells and removes."""
