"""What TMK, LAMV and CTE have in common as matchers: they find where a video lies in another."""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest
import torch
from matchers.made_features import MadeSource, excerpt, named, world

from vdup.errors import VideoOpenError
from vdup.matchers.base import PairMatcher
from vdup.matchers.circulant_matcher import CirculantMatcher
from vdup.matchers.frame_source import FrameSource
from vdup.matchers.kernel_matcher import KernelMatcher
from vdup.temporal import CTE, LAMV, TMK

FPS = 10.0
PERIODS = (9767.0, 2731.0, 1039.0, 253.0)
FIRST, OTHER = world(1, 40, FPS), world(2, 30, FPS)
VIDEOS = {"first": FIRST, "other": OTHER, "part": excerpt(FIRST, 12.3, 10, 0.02), "head": excerpt(FIRST, 0, 8)}
Build = Callable[[], PairMatcher[Any]]


def source() -> FrameSource:
    return cast("FrameSource", MadeSource(**VIDEOS))


MATCHERS: dict[str, Build] = {
    "tmk": lambda: KernelMatcher(lambda: TMK(PERIODS, 16), source(), FPS),
    "lamv": lambda: KernelMatcher(lambda: LAMV(PERIODS, 16), source(), FPS),
    "cte": lambda: CirculantMatcher(source(), m=512, lmbda=0.1, fps=FPS),
}


@pytest.fixture(params=MATCHERS)
def matcher(request: pytest.FixtureRequest) -> PairMatcher[Any]:
    return MATCHERS[request.param]()


def test_where_a_part_lies(matcher: PairMatcher[Any]) -> None:
    part, whole = matcher.prepare(named("part")), matcher.prepare(named("first"))
    found = matcher.compare(part, whole)
    assert found.offset_seconds == pytest.approx(12.3, abs=0.11)
    [box] = found.boxes
    ends = [box.query_start_seconds, box.query_end_seconds, box.reference_start_seconds, box.reference_end_seconds]
    assert ends == pytest.approx([0.0, 10.0, 12.3, 22.3], abs=0.11)
    assert box.score == found.similarity
    back = matcher.compare(whole, part)
    assert back.offset_seconds == pytest.approx(-12.3, abs=0.11)
    other = matcher.compare(part, matcher.prepare(named("other")))
    assert other.similarity < 0.7 * found.similarity


def test_a_video_and_itself(matcher: PairMatcher[Any]) -> None:
    whole = matcher.prepare(named("other"))
    found = matcher.compare(whole, whole)
    assert found.similarity == pytest.approx(1.0, abs=1e-3)
    assert found.offset_seconds == 0.0


@pytest.mark.parametrize("inside", [False, True])
def test_spans_keep_the_times_of_the_whole_video(matcher: PairMatcher[Any], inside: bool) -> None:
    stretch = matcher.prepare(named("first"), (20.0, 27.0))
    found = matcher.compare(stretch, matcher.prepare(named("first"), (15.0, 40.0)), inside=inside)
    assert found.offset_seconds == pytest.approx(0.0, abs=0.11)
    [box] = found.boxes
    assert (box.query_start_seconds, box.query_end_seconds) == pytest.approx((20.0, 27.0), abs=0.11)


def test_inside(matcher: PairMatcher[Any]) -> None:
    """The head of a recording lies at 0 of it, which the stretch from 5 s on holds a part of."""
    head, tail = matcher.prepare(named("head")), matcher.prepare(named("first"), (5.0, 40.0))
    assert matcher.compare(head, tail).offset_seconds == pytest.approx(0.0, abs=0.11)
    within = matcher.compare(head, tail, inside=True)
    assert within.offset_seconds is not None
    assert 5.0 <= within.offset_seconds <= 32.0
    [box] = within.boxes
    assert box.query_end_seconds - box.query_start_seconds == pytest.approx(8.0)


def test_span_beyond_the_end_is_cut_to_the_video(matcher: PairMatcher[Any]) -> None:
    [box] = matcher.compare(matcher.prepare(named("head"), (2.0, 99.0)), matcher.prepare(named("first"))).boxes
    assert (box.query_start_seconds, box.query_end_seconds) == pytest.approx((2.0, 8.0), abs=0.11)


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("most_pairs", [2, 64])
def test_many_at_once_are_the_same_as_pair_by_pair(
    matcher: PairMatcher[Any], inside: bool, most_pairs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stretches of many lengths, so that most pairs have alignments of their own."""
    monkeypatch.setattr("vdup.matchers.alignment._MOST_PAIRS", most_pairs)
    spans = [(0.0, 40.0), (3.0, 9.0), (12.0, 22.0), (30.0, 31.0), (20.0, 40.0), (3.0, 9.0)]
    many, one = [matcher.prepare(named("first"), span) for span in spans], matcher.prepare(named("part"))
    for queries, references in (([one], many), (many, [one]), (many, many[::-1])):
        found = matcher.compare_many(queries, references, inside=inside)
        assert len(found) == len(many)
        for number, comparison in enumerate(found):
            alone = matcher.compare(queries[number % len(queries)], references[number % len(references)], inside=inside)
            assert comparison.offset_seconds == alone.offset_seconds
            assert comparison.similarity == pytest.approx(alone.similarity, abs=1e-6)
            assert len(comparison.boxes) == len(alone.boxes)


def test_none_and_unequal_sides(matcher: PairMatcher[Any]) -> None:
    video = matcher.prepare(named("head"))
    assert matcher.compare_many([video], []) == []
    with pytest.raises(ValueError, match="2 queries cannot be paired with 3 references"):
        matcher.compare_many([video] * 2, [video] * 3)


def test_errors_of_the_source_come_through(matcher: PairMatcher[Any]) -> None:
    with pytest.raises(VideoOpenError):
        matcher.prepare(named("unknown"))


def test_kernel_scores_are_those_of_the_kernel_at_every_offset() -> None:
    """Against the kernel itself, asked for one offset at a time."""
    matcher, kernel = MATCHERS["tmk"](), TMK(PERIODS, 16)
    found = matcher.compare(matcher.prepare(named("part")), matcher.prepare(named("head")))

    def descriptor(name: str) -> torch.Tensor:
        video = VIDEOS[name]
        return kernel.single_fv(
            torch.from_numpy(video.features)[None], torch.from_numpy(video.times_seconds)[None] * 15
        )

    a, b = descriptor("part"), descriptor("head")
    scores = {
        step / FPS: float(kernel.score_pair(a, b, torch.tensor([[-step / FPS * 15]], dtype=torch.float64))[0, 0])
        for step in range(-100, 81)
    }
    best = max(scores, key=lambda offset: scores[offset])
    assert found.similarity == pytest.approx(scores[best], abs=1e-5)
    assert found.offset_seconds == pytest.approx(best)


def test_circle_holds_both_videos() -> None:
    """One that is too small would take the end of a video for its beginning."""
    matcher = MATCHERS["cte"]()
    part, other = matcher.prepare(named("part")), matcher.prepare(named("other"))
    found = matcher.compare(part, other)
    encoding = CTE(257, 0.1, 512)
    a, b = (
        encoding.single_fv(
            torch.from_numpy(video.features)[None], torch.from_numpy(np.round(video.times_seconds * FPS))[None]
        )
        for video in (VIDEOS["part"], VIDEOS["other"])
    )
    scores = encoding.score_pair(a, b, torch.arange(100, -301, -1)[None])[0]
    assert found.similarity == pytest.approx(float(scores.max()), abs=1e-5)
    assert list(part.descriptors) == [512]
    matcher.compare(part, matcher.prepare(named("first")))
    assert list(part.descriptors) == [512]
