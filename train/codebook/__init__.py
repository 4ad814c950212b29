"""``+experiment=codebook``."""
