"""``+experiment=dml``."""
