"""Groups of near-duplicates in a library, and which file of each to keep."""
