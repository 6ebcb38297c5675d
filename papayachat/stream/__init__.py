"""Text that comes and goes: lines, drafts, moments, what a terminal may see."""
