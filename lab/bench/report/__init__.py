"""The report: results kept, and written as pages and plots."""
