"""Which pictures are nearest to which: the negatives that are hardest to tell from a picture.

Hard negatives mined from the vectors of all pictures follow Schroff et al., "FaceNet" (CVPR 2015), and Radenovic et
al., "Fine-tuning CNN image retrieval with no human annotation" (TPAMI 2019).
"""

import numpy as np
import torch
from numpy.typing import NDArray

from vdup.types import RowArray

_BLOCK = 1024
"""Pictures compared with all others at once."""


def nearest_others(vectors: NDArray[np.float16], count: int) -> RowArray:
    """The nearest other rows of each row.

    Args:
        vectors: unit vectors, float16 [N, T].
        count: how many; fewer where there are not so many rows.

    Returns:
        Numbers of rows, nearest first, int64 [N, min(count, N - 1)].
    """
    every = torch.from_numpy(np.asarray(vectors, dtype=np.float32))
    count = min(count, len(every) - 1)
    found = np.empty((len(every), max(count, 0)), dtype=np.int64)
    for first in range(0, len(every), _BLOCK):
        cosines = every[first : first + _BLOCK] @ every.T
        rows = torch.arange(len(cosines))
        cosines[rows, first + rows] = -torch.inf
        found[first : first + _BLOCK] = cosines.topk(count, dim=1).indices.numpy()
    return found


def group_with_nearest(order: RowArray, nearest: RowArray) -> list[RowArray]:
    """Cuts an order into groups of near ones: each leads in turn, with those nearest to it that are in no group yet.

    Args:
        order: numbers of what is grouped, each once, int64 [N].
        nearest: numbers of the nearest others of every number, nearest first, int64 [M, K]; -1, and numbers that
            are not in the order, do not count.

    Returns:
        Groups of 1 to 1 + K numbers, int64; each number of the order is in one of them.
    """
    free = np.zeros(len(nearest), dtype=np.bool_)
    free[order] = True
    groups: list[RowArray] = []
    for number in order:
        if not free[number]:
            continue
        free[number] = False
        others = nearest[number]
        others = others[others >= 0]
        others = others[free[others]]
        free[others] = False
        groups.append(np.concatenate([[number], others]).astype(np.int64))
    return groups
