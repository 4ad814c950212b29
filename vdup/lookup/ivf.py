"""Inverted lists: codes are kept by the nearest of some learned centres, and a query visits the lists nearest to it."""

from dataclasses import asdict
from typing import Any, ClassVar

import faiss
import numpy as np
from numpy.typing import NDArray

from vdup.lookup.base import checked_codes, checked_rows
from vdup.lookup.flat import stored_codes
from vdup.lookup.guarded import GuardedIndex
from vdup.lookup.list_plan import ROWS_PER_LIST_AT_LEAST, ListPlan
from vdup.types import CODE_BITS, CODE_BYTES, CodeArray, RowArray

_TRAINING_ROUNDS = 4
_TRAINING_SEED = 0


class IVFIndex(GuardedIndex):
    """faiss' ``IndexBinaryIVF``: distances are exact, but a row in a list that is not visited is missed.

    An exact duplicate of a stored code is always found, since its own list is the first that is visited. The centres
    do not change as rows come and go; :func:`vdup.lookup.build.should_rebuild` says when they are out of date.

    Args:
        plan: numbers to note and probes to use.
        centres: uint8 [L, 128], from :func:`train_centres`; L may be below the plan's number of lists.
    """

    kind: ClassVar[str] = "ivf"

    def __init__(self, plan: ListPlan, centres: CodeArray) -> None:
        super().__init__(asdict(plan))
        quantizer: Any = faiss.IndexBinaryFlat(CODE_BITS)
        quantizer.add(checked_codes(centres))
        # use_heap and per_invlist_search stay as they are: changed, the one returns nothing and the other crashes.
        self._faiss: Any = faiss.IndexBinaryIVF(quantizer, CODE_BITS, len(centres))
        self._faiss.is_trained = True
        self._faiss.nprobe = min(plan.probes, len(centres))
        self._quantizer = quantizer

    @classmethod
    def from_arrays(cls, parameters: dict[str, int], arrays: dict[str, NDArray[Any]]) -> "IVFIndex":
        """An index from the parameters and arrays of its file.

        Raises:
            KeyError: an array is missing.
            TypeError: a parameter is missing or unknown.
            ValueError: the arrays are malformed or do not fit one another.
        """
        index = cls(ListPlan(**parameters), arrays["centres"])
        row_ids, codes = checked_rows(arrays["row_ids"], arrays["codes"])
        sizes = arrays["list_sizes"]
        if sizes.shape != (len(arrays["centres"]),) or (sizes < 0).any() or sizes.sum() != len(row_ids):
            raise ValueError("the sizes of the lists do not agree with the number of rows")
        lists = np.repeat(np.arange(len(sizes), dtype=np.int64), sizes)
        # The lists are known, which saves the search for each row's nearest centre.
        index._faiss.add_core(len(codes), faiss.swig_ptr(codes), faiss.swig_ptr(row_ids), faiss.swig_ptr(lists))
        index._row_ids.append(row_ids)
        return index

    def _add(self, row_ids: RowArray, codes: CodeArray) -> None:
        self._faiss.add_with_ids(codes, row_ids)

    def _remove(self, row_ids: RowArray) -> None:
        self._faiss.remove_ids(row_ids)
        self._row_ids.drop(self._row_ids.mask(row_ids))

    def _fetch(self, codes: CodeArray, amount: int) -> tuple[NDArray[np.int32], RowArray]:
        distances, row_ids = self._faiss.search(codes, amount)
        return distances, row_ids

    def _name(self, positions: RowArray) -> RowArray:
        # These lists hold the caller's ids themselves.
        return positions

    def _arrays(self) -> dict[str, NDArray[np.generic]]:
        lists = self._faiss.invlists
        sizes = np.array([lists.list_size(number) for number in range(lists.nlist)], dtype=np.int64)
        row_ids = np.empty(len(self), dtype=np.int64)
        codes = np.empty((len(self), CODE_BYTES), dtype=np.uint8)
        ends = np.cumsum(sizes)
        for number in np.flatnonzero(sizes):
            size, end = int(sizes[number]), int(ends[number])
            row_ids[end - size : end] = faiss.rev_swig_ptr(lists.get_ids(int(number)), size)
            flat = faiss.rev_swig_ptr(lists.get_codes(int(number)), size * CODE_BYTES)
            codes[end - size : end] = flat.reshape(size, CODE_BYTES)
        return {"centres": stored_codes(self._quantizer), "list_sizes": sizes, "row_ids": row_ids, "codes": codes}


def train_centres(plan: ListPlan, codes: CodeArray) -> CodeArray:
    """Centres of the lists, by k-means over the bits of a sample of the rows.

    Four rounds over 32 rows a list are enough: more of either raised recall by a few points at several times the time.

    Args:
        plan: gives the number of lists.
        codes: rows to learn from, uint8 [N, 128], at least as many as lists unless there is one list only.

    Returns:
        uint8 [L, 128]; L is below the number of lists where centres fell together, as on many equal rows.

    Raises:
        ValueError: malformed codes, or fewer rows than lists.
    """
    if plan.lists == 1:
        return np.zeros((1, CODE_BYTES), dtype=np.uint8)
    if len(codes) < plan.lists:
        raise ValueError(f"{plan.lists} lists need as many rows to learn from, got {len(codes)}")
    # faiss turns all it is given into floats, 4 KiB a row, before it takes its own sample.
    wanted = min(len(codes), plan.lists * ROWS_PER_LIST_AT_LEAST)
    chosen = np.random.default_rng(_TRAINING_SEED).choice(len(codes), size=wanted, replace=False)
    quantizer: Any = faiss.IndexBinaryFlat(CODE_BITS)
    trained: Any = faiss.IndexBinaryIVF(quantizer, CODE_BITS, plan.lists)
    trained.cp.niter = _TRAINING_ROUNDS
    trained.cp.min_points_per_centroid = 1
    trained.cp.max_points_per_centroid = ROWS_PER_LIST_AT_LEAST
    trained.train(checked_codes(codes[np.sort(chosen)]))
    centres: CodeArray = np.unique(stored_codes(quantizer), axis=0)
    return centres
