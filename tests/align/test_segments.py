import numpy as np
import pytest

from vdup.align.segments import Interval, overlap_share, suppress, suppress_farther

Item = tuple[float, Interval, Interval]


@pytest.mark.parametrize(
    ("a", "b", "share"),
    [
        ((0, 10), (0, 10), 1.0),
        ((0, 10), (5, 15), 0.5),
        ((0, 10), (2, 4), 1.0),
        ((0, 10), (9, 13), 0.25),
        ((0, 10), (10, 20), 0.0),
        ((0, 1), (5, 6), 0.0),
        ((3, 3), (0, 10), 0.0),
        ((5, 4), (0, 10), 0.0),
    ],
)
def test_share_is_of_the_shorter_interval(a: Interval, b: Interval, share: float) -> None:
    assert overlap_share(a, b) == share
    assert overlap_share(b, a) == share


def _suppress(items: list[Item], most_shared: float = 0.5) -> list[Item]:
    return suppress(items, lambda item: item[0], lambda item: item[1:], most_shared)


def test_weaker_item_that_overlaps_on_both_axes_goes() -> None:
    strong, weak = (2.0, (0.0, 10.0), (50.0, 60.0)), (1.0, (2.0, 9.0), (51.0, 58.0))
    assert _suppress([weak, strong]) == [strong]


def test_overlap_on_one_axis_is_no_rival() -> None:
    items = [(2.0, (0.0, 10.0), (50.0, 60.0)), (1.0, (0.0, 10.0), (80.0, 90.0)), (0.5, (30.0, 40.0), (50.0, 60.0))]
    assert _suppress(items) == items


def test_share_at_the_limit_is_allowed() -> None:
    items = [(2.0, (0.0, 10.0), (0.0, 10.0)), (1.0, (5.0, 15.0), (5.0, 15.0))]
    assert _suppress(items) == items
    assert _suppress(items, most_shared=0.49) == items[:1]


def test_what_was_suppressed_suppresses_nothing() -> None:
    first, second, third = ((3.0 - n, (4.0 * n, 4.0 * n + 10), (4.0 * n, 4.0 * n + 10)) for n in range(3))
    assert _suppress([third, second, first]) == [first, third]


def test_of_equals_the_earlier_stays() -> None:
    items = [(1.0, (0.0, 10.0), (0.0, 10.0)), (1.0, (1.0, 10.0), (1.0, 10.0))]
    assert _suppress(items) == items[:1]
    assert _suppress(items[::-1]) == items[1:]


def test_nothing_to_choose_from() -> None:
    assert _suppress([]) == []


@pytest.mark.parametrize("seed", range(5))
def test_what_stays_is_free_of_rivals_and_what_goes_has_a_stronger_one(seed: int) -> None:
    random = np.random.default_rng(seed)
    starts, lengths = random.uniform(0, 60, (40, 2)), random.uniform(1, 20, (40, 2))
    items: list[Item] = [
        (float(score), (q, q + ql), (r, r + rl))
        for score, (q, r), (ql, rl) in zip(random.random(40), starts.tolist(), lengths.tolist(), strict=True)
    ]

    def rivals(a: Item, b: Item) -> bool:
        return all(overlap_share(x, y) > 0.5 for x, y in zip(a[1:], b[1:], strict=True))

    kept = _suppress(items)
    assert kept == sorted(kept, reverse=True)
    assert not any(rivals(a, b) for n, a in enumerate(kept) for b in kept[:n])
    for item in set(items) - set(kept):
        assert any(other[0] > item[0] and rivals(item, other) for other in kept)


def _tell(start: float, end: float, distance: float) -> tuple[float, float, float]:
    return (start, end, distance)


def test_a_clearly_nearer_telling_displaces_the_others() -> None:
    same_moment, other_moment, elsewhere = _tell(0, 10, 200.0), _tell(1, 9, 300.0), _tell(20, 30, 380.0)
    short_and_near = _tell(20, 23, 100.0)  # covers less than half of `elsewhere`
    recurring = _tell(0, 10, 220.0)  # the same content again, as near but for noise
    items = [same_moment, other_moment, elsewhere, short_and_near, recurring]
    kept = suppress_farther(items, lambda item: item[:2], lambda item: item[2], 32.0)
    assert kept == [same_moment, elsewhere, short_and_near, recurring]


def test_nothing_is_dropped_from_a_single_segment() -> None:
    assert suppress_farther([_tell(0, 5, 400.0)], lambda item: item[:2], lambda item: item[2], 0.0) == [
        _tell(0, 5, 400.0)
    ]
