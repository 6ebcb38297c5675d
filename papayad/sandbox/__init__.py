"""What a cluster's processes may still ask of the kernel."""
