"""What is asked of the operating system. Knows no room."""
