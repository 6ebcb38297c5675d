"""What every command shares: options, tables, moments, exit."""
