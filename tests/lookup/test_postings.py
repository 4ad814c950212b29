import math

import numpy as np
import pytest
from lookup.code_factory import as_tuples, distance, flipped

from vdup.lookup import postings as postings_module
from vdup.lookup.postings import NOT_INDEXED, Postings
from vdup.types import CodeArray, FrameHits, RowArray

ROWS = 80


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


@pytest.fixture
def representatives(rng: np.random.Generator) -> RowArray:
    """Row 0 stands for about half of all rows, rows 1-9 for the others; some rows are out of look-up."""
    column = np.where(rng.random(ROWS) < 0.5, 0, rng.integers(1, 10, ROWS)).astype(np.int64)
    column[:10] = np.arange(10)
    column[[20, 33]] = NOT_INDEXED
    return column


@pytest.fixture
def video_numbers(rng: np.random.Generator) -> RowArray:
    return np.sort(rng.integers(0, 25, ROWS)).astype(np.int64)


@pytest.fixture
def codes(rng: np.random.Generator, representatives: RowArray) -> CodeArray:
    base = rng.integers(0, 256, (ROWS, 128), dtype=np.uint8)
    return flipped(base[representatives], 0.02, rng)


def expand_by_loop(
    hits: FrameHits,
    representatives: RowArray,
    video_numbers: RowArray,
    queries: CodeArray,
    codes: CodeArray,
    limit_videos: int,
) -> list[tuple[int, int, int, float]]:
    found = []
    for query_row, owner, _ in as_tuples(hits):
        members = [row for row in range(len(codes)) if representatives[row] == owner]
        videos = len({int(video_numbers[row]) for row in members})
        near = sorted((distance(queries[query_row], codes[row]), row) for row in members)
        if videos > limit_videos:
            near = near[:limit_videos]
        found += [(query_row, row, bits, 1 / (1 + math.log(videos))) for bits, row in near]
    return sorted(found, key=lambda hit: (hit[0], hit[2], hit[1]))


def make_hits(queries: int, owners: list[int]) -> FrameHits:
    query_rows = np.repeat(np.arange(queries, dtype=np.int64), len(owners))
    rows = np.tile(np.array(owners, dtype=np.int64), queries)
    return FrameHits(query_rows, rows, np.zeros(len(rows), dtype=np.int32))


def test_members_and_videos(representatives: RowArray, video_numbers: RowArray) -> None:
    postings = Postings(representatives, video_numbers)
    assert len(postings) == ROWS
    for row in range(ROWS):
        members = [other for other in range(ROWS) if representatives[other] == row]
        assert postings.members(row).tolist() == members
        assert postings.videos(row) == len({int(video_numbers[other]) for other in members})


def test_weights(representatives: RowArray, video_numbers: RowArray) -> None:
    postings = Postings(representatives, video_numbers)
    videos = [1 if owner == NOT_INDEXED else postings.videos(owner) for owner in representatives.tolist()]
    np.testing.assert_allclose(
        postings.weights(representatives), [1 / (1 + math.log(count)) for count in videos], rtol=1e-6
    )
    assert postings.weights(np.array([20, 70], dtype=np.int64)).tolist() == [1, 1]
    with pytest.raises(ValueError, match="rows must lie"):
        postings.weights(np.array([ROWS], dtype=np.int64))


@pytest.mark.parametrize("limit_videos", [1, 3, 20, 1000])
@pytest.mark.parametrize("pairs_at_once", [1, 40, 1 << 18])
def test_expansion_agrees_with_the_loop(
    representatives: RowArray,
    video_numbers: RowArray,
    codes: CodeArray,
    rng: np.random.Generator,
    monkeypatch: pytest.MonkeyPatch,
    limit_videos: int,
    pairs_at_once: int,
) -> None:
    monkeypatch.setattr(postings_module, "_PAIRS_AT_ONCE", pairs_at_once)
    queries = flipped(codes[:4], 0.1, rng)
    hits = make_hits(4, [3, 0, 7])
    expanded, weights = Postings(representatives, video_numbers).expand(hits, queries, codes, limit_videos)
    expected = expand_by_loop(hits, representatives, video_numbers, queries, codes, limit_videos)
    assert as_tuples(expanded) == [hit[:3] for hit in expected]
    np.testing.assert_allclose(weights, [hit[3] for hit in expected], rtol=1e-6)
    assert weights.dtype == np.float32
    assert expanded.distances.dtype == np.int32


def test_common_content_is_weighted_but_kept() -> None:
    representatives = np.array([0, 0, 0, 0, 0, 5, 5], dtype=np.int64)
    videos = np.array([0, 1, 2, 3, 4, 5, 5], dtype=np.int64)
    codes = np.zeros((7, 128), dtype=np.uint8)
    hits, weights = Postings(representatives, videos).expand(make_hits(1, [0, 5]), codes[:1], codes, limit_videos=2)
    assert hits.reference_rows.tolist() == [0, 1, 5, 6]
    np.testing.assert_allclose(weights, [1 / (1 + math.log(5))] * 2 + [1, 1], rtol=1e-6)


def test_nearest_members_are_kept() -> None:
    codes = np.zeros((4, 128), dtype=np.uint8)
    codes[:, 0] = [0b111, 0b1, 0b11, 0b1]
    postings = Postings(np.zeros(4, dtype=np.int64), np.arange(4, dtype=np.int64))
    hits, _ = postings.expand(make_hits(1, [0]), np.zeros((1, 128), np.uint8), codes, limit_videos=3)
    assert as_tuples(hits) == [(0, 1, 1), (0, 3, 1), (0, 2, 2)]


def test_hits_on_rows_without_members_drop_out(
    representatives: RowArray, video_numbers: RowArray, codes: CodeArray
) -> None:
    hits, weights = Postings(representatives, video_numbers).expand(make_hits(2, [20, 70]), codes[:2], codes, 5)
    assert (len(hits), len(weights)) == (0, 0)


def test_nothing_to_expand(representatives: RowArray, video_numbers: RowArray, codes: CodeArray) -> None:
    for postings in (Postings(representatives, video_numbers), Postings(representatives[:0], video_numbers[:0])):
        hits, weights = postings.expand(make_hits(0, [1]), codes[:0], codes[: len(postings)], 5)
        assert (len(hits), len(weights)) == (0, 0)


def test_wrong_arguments(representatives: RowArray, video_numbers: RowArray, codes: CodeArray) -> None:
    with pytest.raises(ValueError, match="must both be"):
        Postings(representatives, video_numbers[:-1])
    with pytest.raises(ValueError, match="represents others but not itself"):
        Postings(np.array([1, 2, 2], dtype=np.int64), np.zeros(3, dtype=np.int64))
    for row in (-2, 3):
        with pytest.raises(ValueError, match="must be one of 3 rows"):
            Postings(np.array([0, 1, row], dtype=np.int64), np.zeros(3, dtype=np.int64))
    postings = Postings(representatives, video_numbers)
    with pytest.raises(ValueError, match="limit_videos"):
        postings.expand(make_hits(1, [0]), codes[:1], codes, 0)
    for row in (-1, ROWS):
        with pytest.raises(ValueError, match="rows must lie"):
            postings.expand(make_hits(1, [row]), codes[:1], codes, 5)
        with pytest.raises(ValueError, match="rows must lie"):
            postings.members(row)
