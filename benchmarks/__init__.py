"""Commands that measure; each prints a table."""
