"""Looking: reading the system into values, and showing them. It changes nothing."""
