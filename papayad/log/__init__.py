"""The chat log: segments, the committed end, who appends, who reads, who was in."""
