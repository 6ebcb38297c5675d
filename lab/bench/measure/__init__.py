"""Reading the kernel and the disk while a load runs, and the statistics of what was read."""
