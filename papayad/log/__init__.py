"""The chat log: segments, the committed end, appending, reading, who came and left."""
