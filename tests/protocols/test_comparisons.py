from pathlib import Path

import numpy as np
import pytest
from stub_matcher import StubMatcher

from vdup.datasets.base import VideoFile
from vdup.matchers.base import Box, Comparison
from vdup.protocols.comparisons import compare
from vdup.protocols.journal import Journal, fingerprint
from vdup.protocols.plan import Comparisons, Excerpt, Plan, all_pairs


def plan_of(queries: int, references: int, pairs: list[tuple[int, int]] | None = None) -> Plan:
    return Plan(
        [Excerpt(VideoFile(f"q{number}", Path(f"q{number}.mp4"))) for number in range(queries)],
        [Excerpt(VideoFile(f"r{number}", Path(f"r{number}.mp4"))) for number in range(references)],
        all_pairs(queries, references) if pairs is None else np.array(pairs, dtype=np.int64).reshape(-1, 2),
    )


TABLE = {
    (f"q{q}", f"r{r}"): Comparison(
        q + r / 10, offset_seconds=float(q - r), speed=1.5, boxes=(Box(0, 1, q, q + 1, 0.5),)
    )
    for q in range(6)
    for r in range(0, 6, 2)
}


def check(results: Comparisons, plan: Plan) -> None:
    for number, (query, reference) in enumerate(plan.pairs.tolist()):
        expected = TABLE.get((f"q{query}", f"r{reference}"), Comparison(0.0))
        assert results.similarities[number] == expected.similarity
        assert results.speeds[number] == expected.speed
        assert results.boxes.get(number, ()) == expected.boxes
        if expected.offset_seconds is None:
            assert np.isnan(results.offsets_seconds[number])
        else:
            assert results.offsets_seconds[number] == expected.offset_seconds


@pytest.mark.parametrize("kept_videos", [1, 2, 100])
@pytest.mark.parametrize("size", [(3, 5), (5, 3), (1, 1)])
def test_every_pair_is_compared_once(kept_videos: int, size: tuple[int, int], tmp_path: Path) -> None:
    plan, matcher = plan_of(*size), StubMatcher(TABLE)
    results = compare(plan, lambda: matcher, Journal(tmp_path / "j"), kept_videos=kept_videos)
    check(results, plan)
    assert len(matcher.compared) == len(set(matcher.compared)) == len(plan.pairs)
    # The smaller side is prepared once, the other once for each block of it.
    blocks = -(-min(size) // kept_videos)
    smaller, larger = ("q", "r") if size[0] <= size[1] else ("r", "q")
    assert all(count == (1 if name.startswith(smaller) else blocks) for (name, _), count in matcher.prepared.items())
    assert sum(name.startswith(larger) for name, _ in matcher.prepared) == max(size)


def test_listed_pairs_only(tmp_path: Path) -> None:
    plan, matcher = plan_of(4, 4, [(3, 0), (0, 2), (0, 0), (2, 2)]), StubMatcher(TABLE)
    results = compare(plan, lambda: matcher, Journal(tmp_path / "j"), kept_videos=2)
    check(results, plan)
    assert len(matcher.compared) == 4
    assert ("q1", None) not in matcher.prepared


def test_nothing_to_compare(tmp_path: Path) -> None:
    def never() -> StubMatcher:
        raise AssertionError("there is nothing to compare")

    results = compare(plan_of(0, 3), never, Journal(tmp_path / "j"), kept_videos=1)
    assert results.similarities.shape == (0,)


def test_stretches_and_limits_reach_the_method(tmp_path: Path) -> None:
    video = VideoFile("v", Path("v.mp4"))
    plan = Plan(
        [Excerpt(video, (1.0, 2.0)), Excerpt(video, (3.0, 4.0))], [Excerpt(video)], all_pairs(2, 1), inside=True
    )
    matcher = StubMatcher({})
    compare(plan, lambda: matcher, Journal(tmp_path / "j"), kept_videos=9)
    assert [(query[1], reference[1], inside) for query, reference, inside in matcher.compared] == [
        ((1.0, 2.0), None, True),
        ((3.0, 4.0), None, True),
    ]


@pytest.mark.parametrize("bad", ["q1", "r1"])
def test_an_unreadable_video_leaves_its_pairs_out(bad: str, tmp_path: Path) -> None:
    told = []
    for _ in range(2):  # the second time from the journal
        matcher = StubMatcher(TABLE, unreadable=frozenset({bad}))
        results = compare(
            plan_of(3, 3),
            lambda: matcher,  # noqa: B023 - called at once
            Journal(tmp_path / "j"),
            kept_videos=2,
            progress=lambda name, done, total, failure: told.append((name, done, total, failure)),
        )
        assert results.unreadable == {bad: "not a video"}
        missing = [f"q{q}" == bad or f"r{r}" == bad for q, r in all_pairs(3, 3).tolist()]
        assert np.isnan(results.similarities).tolist() == missing
    assert [done for _, done, _, _ in told] == sorted(done for _, done, _, _ in told)
    assert {total for _, _, total, _ in told} == {9}
    assert [name for name, _, _, failure in told if failure] == ([bad] * 2 if bad == "r1" else [])


class StoppingMatcher(StubMatcher):
    def compare(self, query: object, reference: object, *, inside: bool = False) -> Comparison:
        if len(self.compared) == 5:
            raise KeyboardInterrupt
        return super().compare(query, reference, inside=inside)  # type: ignore[arg-type]


@pytest.mark.parametrize("cut_bytes", [0, 1, 40])
def test_goes_on_where_it_was(cut_bytes: int, tmp_path: Path) -> None:
    plan, file = plan_of(3, 4), tmp_path / "work" / "j"
    stopped = StoppingMatcher(TABLE)
    with pytest.raises(KeyboardInterrupt):
        compare(plan, lambda: stopped, Journal(file), kept_videos=9)
    if cut_bytes:
        file.write_bytes(file.read_bytes()[:-cut_bytes])
    matcher = StubMatcher(TABLE)
    check(compare(plan, lambda: matcher, Journal(file), kept_videos=9), plan)
    steps_done = 1 if cut_bytes == 0 else 0  # a step is three pairs
    assert len(matcher.compared) == 12 - 3 * steps_done

    def never() -> StubMatcher:
        raise AssertionError("all is done")

    check(compare(plan, never, Journal(file), kept_videos=9), plan)


def test_the_fingerprint_changes_with_what_matters(tmp_path: Path) -> None:
    file = tmp_path / "v.mp4"
    file.write_bytes(b"1")
    video = VideoFile("v", file)

    def plan(span: tuple[float, float] | None = None, inside: bool = False) -> Plan:
        return Plan([Excerpt(video, span)], [Excerpt(video)], all_pairs(1, 1), inside)

    box = Box(0, 1, 0, 1, 0.5)  # any dataclass serves as settings
    prints = {
        fingerprint(plan(), box),
        fingerprint(plan((0.0, 1.0)), box),
        fingerprint(plan(inside=True), box),
        fingerprint(plan(), Box(0, 2, 0, 1, 0.5)),
    }
    assert len(prints) == 4
    assert fingerprint(plan(), box) in prints
    file.write_bytes(b"12")
    assert fingerprint(plan(), box) not in prints
