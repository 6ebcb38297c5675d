"""The front ends without a screen: pipes, tail, bots."""
