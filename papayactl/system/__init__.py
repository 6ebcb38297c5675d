"""What the kernel knows: each module reads one kind of fact."""
