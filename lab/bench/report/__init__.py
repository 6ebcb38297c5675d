"""The report: keeping the results, and writing them as pages and plots."""
