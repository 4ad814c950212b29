"""One short binary code for a whole video, by a network over space and time."""
