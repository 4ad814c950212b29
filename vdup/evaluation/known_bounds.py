"""Segments of VCDB found when the bounds of the query are known: the protocol of LAMV (Baraldi et al., CVPR 2018).

Every annotated segment is a query of its own. It is compared with every other whole video and placed once in each,
where it fits best. A placement is right when it overlaps a true copy on both axes. Where the truth has a copy of some
part of the query in that video but the placement misses it, the protocol counts one item more, a positive with score 0,
so that the miss lowers recall. The measure is the best F1 on the curve of all items.

It is not the measure of the VCDB paper (Jiang et al., ECCV 2014), where bounds are unknown, nor that of VCSL.
"""

from collections.abc import Sequence

from vdup.datasets.segments import ScoredSegmentLike, SegmentLike, overlap_in_area
from vdup.evaluation.labelled_scores import LabelledScore

MISS_SCORE = 0.0
"""Score of the item that stands for a missed copy."""


def placement_items(placement: ScoredSegmentLike, truth: Sequence[SegmentLike]) -> list[LabelledScore]:
    """Items of one query in one video.

    Args:
        placement: the query's bounds and where it was placed in the video.
        truth: true copies between the query's video and that video, the query's video on the query side.

    Returns:
        One item; a second one when a copy was missed.
    """
    if any(overlap_in_area(placement, segment) for segment in truth):
        return [LabelledScore(placement.score, positive=True)]
    items = [LabelledScore(placement.score, positive=False)]
    if any(_overlap_on_query(placement, segment) for segment in truth):
        items.append(LabelledScore(MISS_SCORE, positive=True))
    return items


def _overlap_on_query(a: SegmentLike, b: SegmentLike) -> bool:
    return min(a.query_end_seconds, b.query_end_seconds) > max(a.query_start_seconds, b.query_start_seconds)
