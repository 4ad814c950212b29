"""``+experiment=distil``: a small backbone learns to give the vectors of a larger network."""
