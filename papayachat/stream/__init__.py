"""Text that comes and goes: lines, drafts, moments, and what a terminal may show."""
