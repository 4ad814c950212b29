"""Groups of near-duplicates in a library, and which of their files may go."""
