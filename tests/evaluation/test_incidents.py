import math
import random

import numpy as np
import pytest

from vdup.evaluation.incidents import RELEVANT_LABELS, incident_scores

ANNOTATIONS = {"q": {"ND": ["a"], "DS": ["b"], "CS": ["c"], "IS": ["d"], "DA": ["e"]}, "lonely": {}}
SCORES = {"q": 9.0, "x": 0.9, "a": 0.8, "c": 0.7, "b": 0.6, "e": 0.5, "d": 0.4}
AVAILABLE = ["q", "x", "a", "b", "c", "d", "e"]


def naive(scores: dict[str, float], query: str, relevant: set[str], available: set[str]) -> float:
    order = sorted((name for name in scores if name in available and name != query), key=lambda name: -scores[name])
    relevant = {name for name in relevant if name in available and name != query}
    total = 0.0
    for end in range(1, len(order) + 1):
        if order[end - 1] in relevant:
            total += len(relevant & set(order[:end])) / end
    return total / len(relevant)


def test_tasks_by_hand() -> None:
    """Ranking without the query: x a c b e d."""
    expected = {
        "DSVR": (1 / 2 + 2 / 4) / 2,
        "CSVR": (1 / 2 + 2 / 3 + 3 / 4) / 3,
        "ISVR": (1 / 2 + 2 / 3 + 3 / 4 + 4 / 6) / 4,
        "DAVR": 1 / 5,
    }
    for task, value in expected.items():
        scores = incident_scores({"q": SCORES}, ANNOTATIONS, AVAILABLE, task)
        assert scores.mean_average_precision == pytest.approx(value, abs=1e-12)
        assert scores.by_query == {"q": pytest.approx(value, abs=1e-12)}


def test_what_is_not_available_is_neither_ranked_nor_relevant() -> None:
    """Without x and b: a c e d; of DSVR only a is left."""
    available = ["q", "a", "c", "d", "e"]
    assert incident_scores({"q": SCORES}, ANNOTATIONS, available, "DSVR").mean_average_precision == 1.0
    gone = incident_scores({"q": SCORES}, ANNOTATIONS, ["q", "x"], "DSVR")
    assert math.isnan(gone.mean_average_precision)
    assert gone.without_relevant == 1
    assert np.isnan(gone.interpolated_precisions).all()


def test_a_relevant_video_that_was_not_ranked_was_not_found() -> None:
    scores = {"a": 0.8}
    assert incident_scores({"q": scores}, ANNOTATIONS, AVAILABLE, "DSVR").mean_average_precision == 0.5


def test_queries_without_relevant_videos_are_counted_and_left_out() -> None:
    scores = incident_scores({"q": SCORES, "lonely": SCORES}, ANNOTATIONS, AVAILABLE, "DSVR")
    assert scores.mean_average_precision == 0.5
    assert scores.without_relevant == 1


def test_a_video_with_two_labels_counts_once() -> None:
    twice = {"q": {"ND": ["a", "a"], "DS": ["a"]}}
    assert incident_scores({"q": SCORES}, twice, AVAILABLE, "DSVR").mean_average_precision == 0.5


def test_equal_scores_stand_in_the_order_given() -> None:
    first, last = {"a": 0.5, "x": 0.5}, {"x": 0.5, "a": 0.5}
    annotations = {"q": {"ND": ["a"]}}
    assert incident_scores({"q": first}, annotations, AVAILABLE, "DSVR").mean_average_precision == 1.0
    assert incident_scores({"q": last}, annotations, AVAILABLE, "DSVR").mean_average_precision == 0.5


@pytest.mark.parametrize("seed", range(40))
def test_equals_the_naive_form(seed: int) -> None:
    source = random.Random(seed)
    names = [f"v{number}" for number in range(25)]
    similarities = {
        query: {name: source.choice([0.5, source.random()]) for name in source.sample(names, 20)}
        for query in ("v0", "v1", "v2")
    }
    annotations = {
        query: {label: source.sample(names, source.randint(0, 4)) for label in ("ND", "DS", "CS", "IS", "DA")}
        for query in similarities
    }
    available = set(source.sample(names, 22))
    for task, labels in RELEVANT_LABELS.items():
        expected = {}
        for query, scores in similarities.items():
            relevant = {name for label in labels for name in annotations[query][label]}
            if (relevant & available) - {query}:
                expected[query] = naive(scores, query, relevant, available)
        found = incident_scores(similarities, annotations, available, task)
        assert found.by_query == pytest.approx(expected, abs=1e-9)
        assert found.without_relevant == 3 - len(expected)
        if expected:
            assert found.mean_average_precision == pytest.approx(sum(expected.values()) / len(expected), abs=1e-9)
            assert found.interpolated_precisions.shape == (21,)
            assert (np.diff(found.interpolated_precisions) <= 1e-12).all()
