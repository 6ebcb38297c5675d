"""An attacker who executes code of his own in RECV or SEND, and how far he gets."""
