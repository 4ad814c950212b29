"""Descriptors to binary codes, and what is done with codes."""
