"""The process that lets clients in, and forks a cluster for each."""
