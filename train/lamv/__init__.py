"""``+experiment=lamv``."""
