"""Made-up frame codes and the plain-loop search that the indexes are checked against."""

import numpy as np
from numpy.typing import NDArray

from vdup.types import CODE_BITS, CodeArray, FrameHits, RowArray


def flipped(codes: CodeArray, rate: float, rng: np.random.Generator) -> CodeArray:
    """Each bit turned over with the given probability."""
    mask: CodeArray = np.packbits(rng.random((len(codes), CODE_BITS)) < rate, axis=1)
    return codes ^ mask


def shot_codes(rows: int, rng: np.random.Generator, shots: int = 40) -> CodeArray:
    """Rows that differ in 3 % of their bits from one of some unrelated, slightly unbalanced shots."""
    balance = rng.uniform(0.3, 0.7, CODE_BITS)
    centres = np.packbits(rng.random((shots, CODE_BITS)) < balance, axis=1)
    return flipped(centres[rng.integers(0, shots, rows)], 0.03, rng)


def distance(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> int:
    """Differing bits of two packed codes."""
    return (int.from_bytes(a.tobytes()) ^ int.from_bytes(b.tobytes())).bit_count()


def brute_force(
    row_ids: RowArray, codes: CodeArray, queries: CodeArray, neighbours: int, max_distance: int
) -> list[tuple[int, int, int]]:
    """(query row, row id, distance) of every hit, in the order that an index must give."""
    found: list[tuple[int, int, int]] = []
    for number, query in enumerate(queries):
        near = sorted((distance(query, code), int(row_id)) for row_id, code in zip(row_ids, codes, strict=True))
        found += [(number, row_id, bits) for bits, row_id in near[:neighbours] if bits <= max_distance]
    return found


def as_tuples(hits: FrameHits) -> list[tuple[int, int, int]]:
    """Hits as (query row, row id, distance)."""
    columns = (hits.query_rows.tolist(), hits.reference_rows.tolist(), hits.distances.tolist())
    return list(zip(*columns, strict=True))
