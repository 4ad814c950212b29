"""What only the multi-hash index has: tombstones, tables made anew, and recall as the formula says."""

import numpy as np
import pytest
from lookup.code_factory import flipped

from vdup.lookup.key_plan import expected_recall, plan_keys
from vdup.lookup.multihash import MultiHashIndex


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(12)


def test_tables_are_made_anew_when_a_fifth_is_dead(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    rebuilt = []
    rebuild = MultiHashIndex._rebuild

    def counted(index: MultiHashIndex) -> None:
        rebuilt.append(len(index))
        rebuild(index)

    monkeypatch.setattr(MultiHashIndex, "_rebuild", counted)
    codes = rng.integers(0, 256, (100, 128), dtype=np.uint8)
    index = MultiHashIndex(plan_keys(100), np.arange(1024, dtype=np.int64))
    index.add(np.arange(100, dtype=np.int64), codes)
    assert index.remove(np.arange(20, dtype=np.int64)) == 20
    assert rebuilt == []
    assert index.remove(np.arange(15, 21, dtype=np.int64)) == 1
    assert rebuilt == [79]
    assert index.search(codes, 1, 0).reference_rows.tolist() == list(range(21, 100))


def test_answers_are_filled_past_many_nearer_tombstones(rng: np.random.Generator) -> None:
    """140 dead rows equal to the query lie before the living ones, more than one first fetch brings."""
    codes = rng.integers(0, 256, (1000, 128), dtype=np.uint8)
    codes[:150] = codes[0]
    codes[140:150] = flipped(codes[140:150], 0.02, rng)
    index = MultiHashIndex.learned_from(plan_keys(1000), codes)
    index.add(np.arange(1000, dtype=np.int64), codes)
    index.remove(np.arange(140, dtype=np.int64))
    assert len(index.search(codes[:1], 10, 100)) == 10
    assert set(index.search(codes[:1], 10, 100).reference_rows.tolist()) == set(range(140, 150))


@pytest.mark.parametrize(("flip_rate", "flips"), [(0.10, 0), (0.15, 0), (0.20, 0), (0.20, 1)])
def test_recall_is_what_the_formula_says(rng: np.random.Generator, flip_rate: float, flips: int) -> None:
    codes = rng.integers(0, 256, (400, 128), dtype=np.uint8)
    plan = plan_keys(400, keys=51, key_bits=20, flips=flips)
    index = MultiHashIndex.learned_from(plan, codes)
    index.add(np.arange(400, dtype=np.int64), codes)
    found = len(index.search(flipped(codes, flip_rate, rng), 1, 400)) / 400
    assert found == pytest.approx(expected_recall(flip_rate, plan.keys, plan.key_bits, flips), abs=0.07)


def test_bit_order_must_be_a_permutation() -> None:
    with pytest.raises(ValueError, match="bit_order"):
        MultiHashIndex(plan_keys(0), np.zeros(1024, dtype=np.int64))
