"""``+experiment=calibration``."""
