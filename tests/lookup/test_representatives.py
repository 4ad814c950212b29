import numpy as np
import pytest
from lookup.code_factory import distance, flipped, shot_codes

from vdup.config import FlatIndexConfig, MultiHashIndexConfig
from vdup.lookup.build import build_index
from vdup.lookup.representatives import NOT_INDEXED, assign_representatives, promote
from vdup.types import CodeArray, RowArray

FLAT = FlatIndexConfig()


def assign_by_loop(
    indexed: dict[int, CodeArray], row_ids: RowArray, codes: CodeArray, radius: int
) -> tuple[list[int], dict[int, CodeArray]]:
    """Row after row against all representatives so far."""
    representatives = dict(indexed)
    assigned = []
    for row_id, code in zip(row_ids.tolist(), codes, strict=True):
        near = [(distance(code, other), number) for number, other in representatives.items()]
        close = [pair for pair in near if pair[0] <= radius]
        if close:
            assigned.append(min(close)[1])
        else:
            representatives[row_id] = code
            assigned.append(row_id)
    return assigned, representatives


def walking_codes(rows: int, rng: np.random.Generator) -> CodeArray:
    """Each row a few bits from the one before: near its neighbours, far from the start."""
    codes = shot_codes(rows, rng, shots=3)
    for row in range(1, rows):
        if rng.random() < 0.8:
            codes[row] = flipped(codes[row - 1 : row], 0.01, rng)[0]
    return codes


@pytest.mark.parametrize("radius", [0, 12, 40, 80])
@pytest.mark.parametrize("seed", [0, 1])
def test_assignment_agrees_with_the_loop(radius: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    codes = walking_codes(200, rng)
    codes[150:155] = codes[20]
    row_ids = rng.permutation(1000)[:200].astype(np.int64)
    index = build_index(FLAT, row_ids[:0], codes[:0])
    expected_index: dict[int, CodeArray] = {}
    for first in range(0, 200, 70):
        part = slice(first, first + 70)
        expected, expected_index = assign_by_loop(expected_index, row_ids[part], codes[part], radius)
        assigned = assign_representatives(index, row_ids[part], codes[part], radius)
        assert assigned.tolist() == expected
        alone = assigned == row_ids[part]
        index.add(row_ids[part][alone], codes[part][alone])
    assert len(index) == len(expected_index)


def test_batches_larger_than_a_block() -> None:
    rng = np.random.default_rng(5)
    codes = shot_codes(1300, rng, shots=12)
    row_ids = np.arange(1300, dtype=np.int64)
    index = build_index(FLAT, row_ids[:0], codes[:0])
    assigned = assign_representatives(index, row_ids, codes, 150)
    assert len(set(assigned.tolist())) == 12
    assert (assigned[assigned] == assigned).all()
    assert (assigned <= row_ids).all()


def test_exact_repeats_are_found_by_a_hashed_index() -> None:
    codes = shot_codes(100, np.random.default_rng(2))
    row_ids = np.arange(100, dtype=np.int64)
    index = build_index(MultiHashIndexConfig(), row_ids, codes)
    assert assign_representatives(index, row_ids + 100, codes, 0).tolist() == row_ids.tolist()


def test_smaller_id_wins_at_equal_distance() -> None:
    codes = np.zeros((3, 128), dtype=np.uint8)
    codes[0, 0], codes[1, 1] = 0b1, 0b1
    index = build_index(FLAT, np.array([9], dtype=np.int64), codes[:1])
    assert assign_representatives(index, np.array([4, 20], dtype=np.int64), codes[1:], 1).tolist() == [4, 4]


def test_no_rows() -> None:
    index = build_index(FLAT, np.empty(0, np.int64), np.empty((0, 128), np.uint8))
    assert assign_representatives(index, np.empty(0, np.int64), np.empty((0, 128), np.uint8), 5).shape == (0,)


def test_radius_is_checked() -> None:
    index = build_index(FLAT, np.empty(0, np.int64), np.empty((0, 128), np.uint8))
    for radius in (-1, 1025):
        with pytest.raises(ValueError, match="radius"):
            assign_representatives(index, np.array([0], np.int64), np.zeros((1, 128), np.uint8), radius)


def promote_by_loop(representatives: list[int], dead: set[int]) -> tuple[list[int], list[int], list[int]]:
    renewed = list(representatives)
    successor: dict[int, int] = {}
    for row, owner in enumerate(representatives):
        if row in dead:
            renewed[row] = NOT_INDEXED
        elif owner in dead:
            renewed[row] = successor.setdefault(owner, row)
    removed = [row for row in sorted(dead) if representatives[row] == row]
    return renewed, sorted(successor.values()), removed


@pytest.mark.parametrize("seed", range(6))
def test_promotion_agrees_with_the_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    representatives = np.arange(60, dtype=np.int64)
    followers = rng.choice(60, size=45, replace=False)
    owners = np.setdiff1d(representatives, followers)
    representatives[followers] = rng.choice(owners, size=45)
    representatives[rng.choice(followers, size=5, replace=False)] = NOT_INDEXED
    dead = rng.choice(60, size=int(rng.integers(0, 61)), replace=False).astype(np.int64)
    before = representatives.copy()
    promotion = promote(representatives, dead)
    renewed, added, removed = promote_by_loop(before.tolist(), set(dead.tolist()))
    assert promotion.representatives.tolist() == renewed
    assert promotion.added_rows.tolist() == added
    assert promotion.removed_rows.tolist() == removed
    assert representatives.tolist() == before.tolist()


def test_unknown_dead_rows_are_refused() -> None:
    for row in (-1, 3):
        with pytest.raises(ValueError, match="dead_rows"):
            promote(np.arange(3, dtype=np.int64), np.array([row], dtype=np.int64))
