"""Look-up of frame codes by Hamming distance."""
