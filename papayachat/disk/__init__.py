"""A profile's files: invite, settings, outbox, the copy of the log."""
