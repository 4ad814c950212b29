import random

import pytest

from vdup.datasets.segments import ScoredSegment, Segment
from vdup.evaluation.known_bounds import placement_items
from vdup.evaluation.labelled_scores import LabelledScore, precision_recall

TRUTH = [Segment("A", "B", 0, 10, 50, 60), Segment("A", "B", 0, 10, 80, 90)]


def placed(start: float, score: float = 0.7) -> ScoredSegment:
    """The query 0 - 10 s of A, placed in B."""
    return ScoredSegment("A", "B", 0, 10, start, start + 10, score)


def test_a_hit_is_one_positive_item() -> None:
    assert placement_items(placed(55), TRUTH) == [LabelledScore(0.7, positive=True)]
    assert placement_items(placed(81), TRUTH) == [LabelledScore(0.7, positive=True)]


def test_a_miss_adds_a_positive_with_score_zero() -> None:
    expected = [LabelledScore(0.7, positive=False), LabelledScore(0.0, positive=True)]
    assert placement_items(placed(20), TRUTH) == expected
    assert placement_items(placed(40), TRUTH) == expected  # 40 - 50 touches 50 - 60 at a point only


def test_no_copy_of_this_part_of_the_query() -> None:
    assert placement_items(placed(55), []) == [LabelledScore(0.7, positive=False)]
    elsewhere = [Segment("A", "B", 10, 20, 50, 60)]  # touches the query at a point only
    assert placement_items(placed(50), elsewhere) == [LabelledScore(0.7, positive=False)]


def test_f1_by_hand() -> None:
    """Three queries: one hit at .9, one miss at .8, one video without truth at .7.

    At .9: P = 1, R = 1/2, F1 = 2/3. With all four items: P = 2/4, R = 1, F1 = 2/3; between them less.
    """
    items = [*placement_items(placed(50, 0.9), TRUTH), *placement_items(placed(0, 0.8), TRUTH)]
    items += placement_items(placed(0, 0.7), [])
    curve = precision_recall(items)
    assert curve.best_f1 == pytest.approx(2 / 3, abs=1e-12)
    assert curve.best == 0


@pytest.mark.parametrize("seed", range(30))
def test_equals_a_count_in_whole_seconds(seed: int) -> None:
    source = random.Random(seed)
    truth = []
    for _ in range(source.randint(0, 4)):
        q, r = source.randrange(20), source.randrange(20)
        truth.append(Segment("A", "B", q, q + source.randint(1, 6), r, r + source.randint(1, 6)))
    truth += truth[:1]  # an annotation that stands there twice
    q, r, length = source.randrange(20), source.randrange(20), source.randint(1, 6)
    query, video = set(range(q, q + length)), set(range(r, r + length))
    hit = missed = False
    for segment in truth:
        true_query = set(range(int(segment.query_start_seconds), int(segment.query_end_seconds)))
        true_video = set(range(int(segment.reference_start_seconds), int(segment.reference_end_seconds)))
        if query & true_query:
            missed = True
            hit = hit or bool(video & true_video)
    expected = [(0.3, hit)] + ([(0.0, True)] if missed and not hit else [])
    items = placement_items(ScoredSegment("A", "B", q, q + length, r, r + length, 0.3), truth)
    assert [(item.score, item.positive) for item in items] == expected
