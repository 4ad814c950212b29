"""Which segments of a problem are right, which of the others are of the same source, and what is fitted to them."""

import numpy as np
import pytest
from vdup.train.calibration.false_segments import WrongSegment, is_right, same_source
from vdup.train.material.problem_files import EditedQuery

from vdup.align.line_fit import Line
from vdup.align.matcher import ScoredSegment
from vdup.align.refine import Segment as FoundSegment
from vdup.datasets.segments import Segment


def found(query: tuple[float, float], reference: tuple[float, float]) -> ScoredSegment:
    rows = np.zeros(1, dtype=np.int64)
    segment = FoundSegment(Line(1.0, 0.0), *query, *reference, rows, rows, np.zeros(1, dtype=np.float32))
    return ScoredSegment(segment, 0.0, 0.5, 1, 1, 100.0, 0.5, mirrored=False, panel=False)


@pytest.mark.parametrize(
    ("query", "reference", "right"),
    [
        ((10, 14), (30, 34), True),
        ((11, 12), (30, 31), True),
        ((8.1, 12), (28.1, 32), True),
        ((8, 12), (30, 34), False),
        ((10, 14), (28, 32), False),
        ((7, 11), (30, 34), False),
        ((10, 14), (27, 31), False),
        ((0, 4), (30, 34), False),
        ((0, 40), (0, 60), False),
    ],
)
def test_right_is_what_lies_mostly_inside_a_copy_on_both_sides(
    query: tuple[float, float], reference: tuple[float, float], right: bool
) -> None:
    truth = [Segment("Q", "R", 10, 14, 30, 34)]
    assert is_right(truth, "Q", "R", found(query, reference)) is right


def test_right_needs_the_same_pair_and_one_copy_for_both_sides() -> None:
    truth = [Segment("Q", "R", 10, 14, 30, 34), Segment("Q", "R", 20, 24, 50, 54)]
    segment = found((20, 24), (50, 54))
    assert is_right(truth, "Q", "R", segment)
    assert not is_right(truth, "P", "R", segment)
    assert not is_right(truth, "Q", "S", segment)
    assert not is_right(truth, "Q", "R", found((10, 14), (50, 54)))
    assert not is_right([], "Q", "R", segment)


def wrong(query_id: str, reference_id: str, evidence: float = 1.0) -> WrongSegment:
    return WrongSegment(query_id, reference_id, 0.3, evidence)


def test_same_source_is_that_of_the_reference_that_a_query_was_made_from() -> None:
    truth = [Segment("Q0", "R0", 0, 5, 10, 15)]
    edited = [EditedQuery("Q0", "crop", "R0"), EditedQuery("Q1", "take:crop", "R1"), EditedQuery("Q2", "none", "")]
    found = [wrong("Q0", "R0"), wrong("Q0", "R1"), wrong("Q1", "R1"), wrong("Q1", "R0", 99), wrong("Q2", "R0")]
    assert same_source(found, truth, edited) == [True, False, True, False, False]
    assert same_source(found, truth, []) == [True, False, False, False, False]
    assert same_source([], truth, edited) == []


def test_without_the_column_a_take_is_held_to_be_of_the_reference_with_most_evidence() -> None:
    edited = [EditedQuery("Q1", "take:crop", None), EditedQuery("Q2", "none", None), EditedQuery("Q3", "take:x", None)]
    found = [wrong("Q1", "R1", 6), wrong("Q1", "R0", 10), wrong("Q1", "R1", 5), wrong("Q2", "R0", 50)]
    assert same_source(found, [], edited) == [True, False, True, False]
