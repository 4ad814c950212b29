"""One vector for a whole video: bags of frames, means, and the refined mean."""
