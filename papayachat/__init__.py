"""papayachat: the terminal client."""
