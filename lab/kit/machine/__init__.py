"""What a test asks of the machine: the kernel, mounts, namespaces, limits, roots to boot."""
