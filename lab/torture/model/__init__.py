"""A model of the protocol, and random conversations with the outcome that it foretells."""
