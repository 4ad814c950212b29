import math

import numpy as np
import pytest

from vdup.lookup.key_plan import expected_recall, keys_within, plan_keys


@pytest.mark.parametrize("rows", [0, 1, 500, 10_000, 65_536, 10**6, 10**7, 10**9])
def test_automatic_plans_are_within_bounds(rows: int) -> None:
    plan = plan_keys(rows)
    assert 10 <= plan.key_bits <= 24
    assert 50 <= plan.keys <= 200
    assert plan.keys * plan.key_bits <= 1024
    assert plan.planned_rows == rows


@pytest.mark.parametrize(
    ("rows", "key_bits", "keys"), [(0, 10, 102), (2000, 11, 93), (65_536, 16, 64), (10**6, 20, 51), (10**9, 20, 51)]
)
def test_keys_grow_with_the_library(rows: int, key_bits: int, keys: int) -> None:
    assert (plan_keys(rows).key_bits, plan_keys(rows).keys) == (key_bits, keys)


@pytest.mark.parametrize(
    ("wanted_keys", "wanted_bits", "keys", "key_bits"),
    [(64, 16, 64, 16), (0, 24, 42, 24), (100, 0, 100, 10), (0, 4, 200, 4)],
)
def test_wishes_are_met(wanted_keys: int, wanted_bits: int, keys: int, key_bits: int) -> None:
    plan = plan_keys(10**6, keys=wanted_keys, key_bits=wanted_bits)
    assert (plan.keys, plan.key_bits) == (keys, key_bits)


def test_flips_never_exceed_the_key() -> None:
    assert plan_keys(100, keys=2, key_bits=1, flips=3).flips == 1


@pytest.mark.parametrize("wish", [{"keys": 200, "key_bits": 16}, {"keys": -1}, {"key_bits": -1}, {"flips": -1}])
def test_impossible_wishes_are_refused(wish: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="keys"):
        plan_keys(100, **wish)


def test_reasons_name_the_numbers() -> None:
    bits, keys, recall = plan_keys(65_536, flips=0).reasons()
    assert "16 bits" in bits
    assert "65,536 rows put about 1 of them" in bits
    assert "64 keys" in keys
    assert f"{1 - (1 - 0.9**16) ** 64:.3f} at 10%" in recall


@pytest.mark.parametrize("flips", [0, 1, 2])
def test_recall_formula_agrees_with_chance(flips: int) -> None:
    rng = np.random.default_rng(1)
    wrong_bits = (rng.random((20_000, 6, 10)) < 0.2).sum(axis=2)
    seen = (wrong_bits <= flips).any(axis=1).mean()
    assert expected_recall(0.2, keys=6, key_bits=10, flips=flips) == pytest.approx(seen, abs=0.02)


def test_recall_at_the_ends() -> None:
    assert expected_recall(0.0, 50, 20) == 1
    assert expected_recall(1.0, 50, 20) == 0
    assert expected_recall(1.0, 1, 2, flips=2) == 1
    for rate in (-0.1, 1.1):
        with pytest.raises(ValueError, match="flip_rate"):
            expected_recall(rate, 50, 20)


def test_keys_within() -> None:
    for flips in range(4):
        assert keys_within(8, flips) == sum(number.bit_count() <= flips for number in range(256))
    assert keys_within(20, 1) == 1 + math.comb(20, 1)
