"""Multi-hash: each code is cut into many short keys, and a row is found when one of its keys agrees with the query."""

from dataclasses import asdict
from typing import Any, ClassVar

import faiss
import numpy as np
from numpy.typing import NDArray

from vdup.lookup.bit_order import learn_bit_order, reorder_bits, restore_bits
from vdup.lookup.flat import stored_codes
from vdup.lookup.guarded import GuardedIndex
from vdup.lookup.key_plan import KeyPlan
from vdup.types import CODE_BITS, CodeArray, RowArray

_REMOVED_SHARE_AT_MOST = 0.2


class MultiHashIndex(GuardedIndex):
    """faiss' ``IndexBinaryMultiHash``: rows that share a key with the query, ranked by exact Hamming distance.

    faiss cannot remove rows from it. They stay as tombstones that are left out of the answers, and once they are more
    than a fifth the tables are made anew. Up to 100 queries at once are answered by one thread only. One row takes
    1-2.5 KB of memory, more in small libraries. The file holds codes, not tables: they are filled again on loading.

    Args:
        plan: number and length of keys.
        bit_order: int64 [1024], a permutation, see :func:`vdup.lookup.bit_order.learn_bit_order`.

    Raises:
        ValueError: ``bit_order`` is not a permutation of the bits.
    """

    kind: ClassVar[str] = "multihash"

    def __init__(self, plan: KeyPlan, bit_order: RowArray) -> None:
        if not np.array_equal(np.sort(bit_order), np.arange(CODE_BITS)):
            raise ValueError(f"bit_order must hold each of 0-{CODE_BITS - 1} once")
        super().__init__(asdict(plan))
        self._plan = plan
        self._bit_order = bit_order
        self._removed = 0
        self._faiss = self._empty_tables()

    @classmethod
    def learned_from(cls, plan: KeyPlan, codes: CodeArray) -> "MultiHashIndex":
        """An empty index whose bit order suits the codes, uint8 [N, 128]."""
        return cls(plan, learn_bit_order(codes, plan.keys, plan.key_bits))

    @classmethod
    def from_arrays(cls, parameters: dict[str, int], arrays: dict[str, NDArray[Any]]) -> "MultiHashIndex":
        """An index from the parameters and arrays of its file.

        Raises:
            KeyError: an array is missing.
            TypeError: a parameter is missing or unknown.
            ValueError: an array is malformed.
        """
        index = cls(KeyPlan(**parameters), arrays["bit_order"])
        index.add(arrays["row_ids"], arrays["codes"])
        return index

    def __len__(self) -> int:
        """Rows that can be found."""
        return len(self._row_ids) - self._removed

    def _add(self, row_ids: RowArray, codes: CodeArray) -> None:  # noqa: ARG002 - faiss counts positions
        self._faiss.add(reorder_bits(codes, self._bit_order))

    def _remove(self, row_ids: RowArray) -> None:
        mask = self._row_ids.mask(row_ids)
        self._row_ids.forget(mask)
        self._removed += int(np.count_nonzero(mask))
        if self._removed > _REMOVED_SHARE_AT_MOST * len(self._row_ids):
            self._rebuild()

    def _rebuild(self) -> None:
        removed = self._row_ids.values < 0
        tables = self._empty_tables()
        tables.add(stored_codes(self._faiss.storage)[~removed])
        self._faiss = tables
        self._row_ids.drop(removed)
        self._removed = 0

    def _fetch(self, codes: CodeArray, amount: int) -> tuple[NDArray[np.int32], RowArray]:
        distances, positions = self._faiss.search(reorder_bits(codes, self._bit_order), amount)
        return distances, positions

    def _arrays(self) -> dict[str, NDArray[np.generic]]:
        alive = self._row_ids.values >= 0
        codes = restore_bits(stored_codes(self._faiss.storage)[alive], self._bit_order)
        return {"bit_order": self._bit_order, "row_ids": self._row_ids.values[alive], "codes": codes}

    def _empty_tables(self) -> Any:
        tables: Any = faiss.IndexBinaryMultiHash(CODE_BITS, self._plan.keys, self._plan.key_bits)
        tables.nflip = self._plan.flips
        return tables
