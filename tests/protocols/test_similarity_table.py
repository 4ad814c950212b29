from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matchers.made_features import excerpt, world

from vdup.config import PairMatcherConfig, SimilarityJobConfig, TMKMatcherConfig
from vdup.datasets.base import VideoFile
from vdup.matchers.build import build_matcher
from vdup.protocols.similarity_table import compare_all, forget_work, work_folder

FPS = 5.0


@pytest.fixture
def job(tmp_path: Path) -> SimilarityJobConfig:
    matcher = TMKMatcherConfig(fps=FPS, file_fps=FPS, periods=[311.0, 127.0], m=8)
    return SimilarityJobConfig(queries=Path("q"), database=Path("d"), output=tmp_path / "out.json", matcher=matcher)


@pytest.fixture
def videos(tmp_path: Path) -> tuple[list[VideoFile], list[VideoFile]]:
    """Three queries, each a part of one of twenty videos, as files of features."""
    database = [world(number, 12, FPS) for number in range(20)]
    queries = [excerpt(database[number], 3, 6) for number in range(3)]
    lists: list[list[VideoFile]] = []
    for kind, features in (("q", queries), ("d", database)):
        files = [VideoFile(f"{kind}{number}", tmp_path / f"{kind}{number}.npy") for number in range(len(features))]
        for file, one in zip(files, features, strict=True):
            assert file.path is not None
            np.save(file.path, one.features)
        lists.append(files)
    return lists[0], lists[1]


Videos = tuple[list[VideoFile], list[VideoFile]]


def test_every_query_with_every_video(job: SimilarityJobConfig, videos: Videos) -> None:
    queries, database = videos
    told: list[tuple[int, int]] = []
    table = compare_all(job, queries, database, lambda _, done, total, failure: told.append((done, total)))
    assert told[-1] == (60, 60)
    matcher: Any = build_matcher(job.matcher, job)
    for query in queries:
        row = table.by_query[query.id]
        assert list(row) == [video.id for video in database]
        for video in database:
            expected = matcher.compare(matcher.prepare(query), matcher.prepare(video)).similarity
            assert row[video.id] == pytest.approx(expected, abs=1e-6)
        assert max(row, key=lambda name: row[name]) == f"d{query.id[1:]}"
    assert table.unreadable == {}


def test_keeping_the_queries_changes_nothing(job: SimilarityJobConfig, videos: Videos) -> None:
    first = compare_all(job, *videos)
    job.load_queries = True
    assert compare_all(job, *videos) == first


class Counted:
    """Counts what a matcher does, and is interrupted after so many comparisons."""

    def __init__(self, matcher: Any, comparisons: int) -> None:
        self._matcher = matcher
        self.left = comparisons
        self.prepared: list[str] = []

    def prepare(self, video: VideoFile, span_seconds: tuple[float, float] | None = None) -> Any:
        self.prepared.append(video.id)
        return self._matcher.prepare(video, span_seconds)

    def compare_many(self, queries: Sequence[Any], references: Sequence[Any], *, inside: bool = False) -> Any:
        pairs = max(len(queries), len(references))
        if self.left < pairs:
            raise KeyboardInterrupt
        self.left -= pairs
        return self._matcher.compare_many(queries, references, inside=inside)


def test_interrupted_run_goes_on(job: SimilarityJobConfig, videos: Videos, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = compare_all(job, *videos)
    forget_work(job)
    assert not work_folder(job.output).exists()
    made: list[Counted] = []

    def interrupted_after(comparisons: int) -> None:
        def build(config: PairMatcherConfig, model: Any, cache: Path | None) -> Counted:
            made.append(Counted(build_matcher(config, model, cache), comparisons))
            return made[-1]

        monkeypatch.setattr("vdup.protocols.similarity_table.build_matcher", build)

    interrupted_after(31)
    with pytest.raises(KeyboardInterrupt):
        compare_all(job, *videos)
    interrupted_after(60)
    assert compare_all(job, *videos) == whole
    assert 60 - made[1].left == 30  # ten videos were done, the eleventh not to its end
    assert "d3" not in made[1].prepared
    monkeypatch.undo()
    assert compare_all(job, *videos) == whole


def test_a_changed_video_is_compared_anew(job: SimilarityJobConfig, videos: Videos) -> None:
    queries, database = videos
    before = compare_all(job, queries, database)
    assert database[5].path is not None
    np.save(database[5].path, world(99, 12, FPS).features)
    after = compare_all(job, queries, database)
    assert after.by_query["q0"]["d5"] != before.by_query["q0"]["d5"]
    assert after.by_query["q0"]["d6"] == before.by_query["q0"]["d6"]


def test_bad_files_are_left_out(job: SimilarityJobConfig, videos: Videos) -> None:
    queries, database = videos
    for video in (queries[1], database[4]):
        assert video.path is not None
        video.path.write_text("no array")
    table = compare_all(job, queries, [*database, VideoFile("gone", job.output.with_name("gone.npy"))])
    assert list(table.by_query) == ["q0", "q2"]
    assert set(table.unreadable) == {"q1", "d4", "gone"}
    for row in table.by_query.values():
        assert len(row) == 19
        assert "d4" not in row
