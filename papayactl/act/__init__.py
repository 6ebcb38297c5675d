"""Acting: ending, stopping, telling and removing."""
