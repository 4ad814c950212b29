"""``+experiment=triplet``."""
