"""Two benchmarks: the paper's experiment, and a room of real chat. They write REPORT.md."""
