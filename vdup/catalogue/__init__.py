"""The library folder: catalogue, codes, manifest, lock."""
