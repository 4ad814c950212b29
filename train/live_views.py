"""Families that are made while the network trains and stored nowhere."""

from collections.abc import Generator
from contextlib import closing

import numpy as np

from .families import Family, FamilySource
from .family_workers import families_of


def live_batches(
    source: FamilySource, epoch: int, batch_families: int, seed: int, workers: int = 0
) -> Generator[list[Family], None, None]:
    """All families of one epoch in batches.

    The order of the parts is drawn from seed and epoch. Families of one video follow one another, so that a batch holds
    hard negatives. Use it inside ``contextlib.closing``, so that the worker processes end with the loop.

    Args:
        source: where the families come from.
        epoch: another one has another order and other edits.
        batch_families: families in a batch; the last batch of an epoch may hold fewer.
        seed: of the order.
        workers: processes; 0 takes one less than there are processor cores, and one at least.

    Raises:
        ValueError: ``batch_families`` is below 1.
        RuntimeError: see :func:`~.family_workers.families_of`.
    """
    if batch_families < 1:
        raise ValueError(f"batch_families={batch_families} must be 1 or more")
    order = np.random.default_rng([seed, epoch]).permutation(len(source)).tolist()
    batch: list[Family] = []
    with closing(families_of(source, order, epoch, workers)) as parts:
        for _, families in parts:
            for family in families:
                batch.append(family)
                if len(batch) == batch_families:
                    yield batch
                    batch = []
    if batch:
        yield batch
