"""Data sets in the forms in which their publishers give them."""
