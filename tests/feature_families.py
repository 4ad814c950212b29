"""Families of made-up features, for tests of training that need no pictures."""

import numpy as np
from vdup.train.families.batches import CachedFamilies

DIMENSIONS, VIEWS = 16, 3


def feature_families(count: int, seed: int = 0) -> CachedFamilies:
    """Unit vectors; edits move them far along the first four directions and little along the others."""
    rng = np.random.default_rng(seed)
    originals = rng.standard_normal((count, 1, DIMENSIONS))
    originals /= np.linalg.norm(originals, axis=2, keepdims=True)
    reach = np.where(np.arange(DIMENSIONS) < 4, 0.6, 0.05)
    copies = originals + reach * rng.standard_normal((count, VIEWS, DIMENSIONS))
    inputs = np.concatenate([originals, copies], axis=1).astype(np.float16)
    edits = tuple(("", "crop", "hue", "crop+hue") for _ in range(count))
    return CachedFamilies(inputs, edits, np.arange(count))
