"""What is read of the kernel and the disk while a load runs, and what the figures say together."""
