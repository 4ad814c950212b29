"""``+experiment=c3d_hash``: one short code for a whole video."""
