"""Edits that uploaders make between copying and publishing."""
