import math
import random

import pytest

from vdup.datasets.evve import Event
from vdup.evaluation.events import EventVariant, event_average_precision, event_scores

OFFICIAL, VIDEOALIGNMENT = EventVariant.official, EventVariant.videoalignment
EVENT = Event(
    queries=frozenset({"q0", "q1"}),
    positives=frozenset({"p0", "p1"}),
    ambiguous=frozenset({"z"}),
    negatives=frozenset({"n"}),
)


def naive(ranking: list[str], event: Event, left_out: frozenset[str]) -> float:
    """The list is shortened first, then the area under the curve is added up point by point."""
    kept = [name for name in ranking if name not in left_out]
    area, x, y = 0.0, 0.0, 1.0
    for count in range(1, len(kept) + 1):
        found = len([name for name in kept[:count] if name in event.positives])
        new_x, new_y = found / len(event.positives), found / count
        area += (new_x - x) * (y + new_y) / 2
        x, y = new_x, new_y
    return area


def test_by_hand() -> None:
    """z, p0, n, x, p1. Official: z goes, ranks 0 and 3. Videoalignment's: n goes, ranks 1 and 3."""
    ranking = ["z", "p0", "n", "x", "p1"]
    official = (1 + 1) / 2 / 2 + (1 / 3 + 2 / 4) / 2 / 2
    assert event_average_precision(ranking, EVENT, OFFICIAL) == pytest.approx(official, abs=1e-12)
    other = (0 / 1 + 1 / 2) / 2 / 2 + (1 / 3 + 2 / 4) / 2 / 2
    assert event_average_precision(ranking, EVENT, VIDEOALIGNMENT) == pytest.approx(other, abs=1e-12)


@pytest.mark.parametrize("seed", range(60))
def test_equals_the_naive_form(seed: int) -> None:
    source = random.Random(seed)
    names = [f"v{number}" for number in range(20)]
    source.shuffle(names)
    event = Event(frozenset({"q"}), frozenset(names[:5]), frozenset(names[5:8]), frozenset(names[8:12]))
    ranking = source.sample(names, 20 - source.randrange(4))
    for variant, left_out in ((OFFICIAL, event.ambiguous), (VIDEOALIGNMENT, event.negatives)):
        assert event_average_precision(ranking, event, variant) == pytest.approx(
            naive(ranking, event, left_out), abs=1e-9
        )


def test_means_over_queries_and_over_events() -> None:
    """Event a: AP 1 and .25 of one positive; event b: 1. Queries: 2.25 / 3, events: (.625 + 1) / 2."""
    a = Event(frozenset({"q0", "q1", "q2"}), frozenset({"p"}), frozenset(), frozenset())
    b = Event(frozenset({"q3"}), frozenset({"r"}), frozenset(), frozenset())
    rankings = {"q0": ["p", "r"], "q1": ["r", "p"], "q3": ["r", "p"], "stranger": ["p"]}
    scores = event_scores(rankings, {"a": a, "b": b}, OFFICIAL)
    assert scores.mean_over_queries == pytest.approx(2.25 / 3, abs=1e-12)
    assert scores.mean_over_events == pytest.approx((0.625 + 1) / 2, abs=1e-12)
    assert scores.by_event == pytest.approx({"a": 0.625, "b": 1.0}, abs=1e-12)
    assert (scores.queries, scores.missing) == (3, 1)


def test_without_rankings_or_positives() -> None:
    scores = event_scores({}, {"a": EVENT}, OFFICIAL)
    assert math.isnan(scores.mean_over_queries)
    assert math.isnan(scores.mean_over_events)
    assert (scores.by_event, scores.missing) == ({}, 2)
    assert event_average_precision([], EVENT, OFFICIAL) == 0.0
    nothing = Event(frozenset({"q"}), frozenset(), frozenset(), frozenset())
    assert event_average_precision(["x"], nothing, OFFICIAL) == 0.0


def test_a_video_ranked_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        event_average_precision(["p0", "p0"], EVENT, OFFICIAL)
