"""What the kernel knows: each module reads one kind of fact into a frozen dataclass."""
