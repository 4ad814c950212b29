"""Exact search: every query is compared with every stored code."""

from typing import Any, ClassVar

import faiss
import numpy as np
from numpy.typing import NDArray

from vdup.lookup.guarded import GuardedIndex
from vdup.types import CODE_BITS, CODE_BYTES, CodeArray, RowArray


class FlatIndex(GuardedIndex):
    """Exact search with faiss' ``IndexBinaryFlat``; 136 bytes a row, time in proportion to the rows."""

    kind: ClassVar[str] = "flat"

    def __init__(self) -> None:
        super().__init__({})
        self._faiss: Any = faiss.IndexBinaryFlat(CODE_BITS)

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> "FlatIndex":
        """An index from the arrays of its file.

        Raises:
            KeyError: an array is missing.
            ValueError: an array is malformed.
        """
        index = cls()
        index.add(arrays["row_ids"], arrays["codes"])
        return index

    def _add(self, row_ids: RowArray, codes: CodeArray) -> None:  # noqa: ARG002 - faiss counts positions
        self._faiss.add(codes)

    def _remove(self, row_ids: RowArray) -> None:
        mask = self._row_ids.mask(row_ids)
        # faiss keeps the order of the rows that stay, so positions and ids still agree.
        self._faiss.remove_ids(np.flatnonzero(mask))
        self._row_ids.drop(mask)

    def _fetch(self, codes: CodeArray, amount: int) -> tuple[NDArray[np.int32], RowArray]:
        distances, positions = self._faiss.search(codes, amount)
        return distances, positions

    def _arrays(self) -> dict[str, NDArray[np.generic]]:
        return {"row_ids": self._row_ids.values, "codes": stored_codes(self._faiss)}


def stored_codes(flat: Any) -> CodeArray:
    """The codes inside an ``IndexBinaryFlat``, uint8 [N, 128]: a view that the next change of the index invalidates."""
    if flat.ntotal == 0:
        return np.empty((0, CODE_BYTES), dtype=np.uint8)
    view: CodeArray = faiss.rev_swig_ptr(flat.xb.data(), flat.ntotal * CODE_BYTES).reshape(-1, CODE_BYTES)
    return view
