"""Measuring and attacking papaya: nothing here is installed."""
