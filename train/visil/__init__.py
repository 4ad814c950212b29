"""``+experiment=visil``."""
