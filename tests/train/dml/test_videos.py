import numpy as np
import pytest
from vdup.train.dml.generated import GeneratedVideos
from vdup.train.dml.labelled import LabelledVideos
from vdup.train.dml.loop import ValidationVideos, mean_average_precision, nearest_recall
from vdup.train.dml.start import whitening_start
from vdup.train.dml.videos import ClipVectors, Numbers, put_together

from vdup.aggregation.normalise import centred_units
from vdup.pipeline.labelled_pairs import LabelledPair
from vdup.types import FloatArray

CLIPS, VIEWS, FRAMES, WIDTH = 12, 2, 4, 6


def clips(noise: float = 0.05) -> ClipVectors:
    rng = np.random.default_rng(0)
    content = rng.random((CLIPS, 1, 1, WIDTH))
    rows = content + noise * rng.normal(size=(CLIPS, 1 + VIEWS, FRAMES, WIDTH))
    return ClipVectors(rows.astype(np.float16))


def singles(*numbers: int) -> list[Numbers]:
    return [np.array([number]) for number in numbers]


def test_originals_are_means_of_all_frames_of_their_clips() -> None:
    made = clips()
    found = made.originals([np.array([3]), np.array([1, 5])])
    for row, numbers in zip(found, ([3], [1, 5]), strict=True):
        frames = [made.rows[number, 0, frame].astype(np.float32) for number in numbers for frame in range(FRAMES)]
        np.testing.assert_allclose(row, centred_units(np.mean(frames, axis=0)[None])[0], rtol=1e-3, atol=1e-5)
    assert (made.views, made.dimensions) == (VIEWS, WIDTH)


def test_copies_lie_near_their_originals_and_hold_other_footage() -> None:
    made = clips()
    videos = singles(*range(CLIPS))
    nothing: Numbers = np.arange(0)
    plain = made.copies(videos, nothing, 0.5, np.random.default_rng(0))
    mixed = made.copies(videos, np.arange(CLIPS), 0.5, np.random.default_rng(0))
    originals = made.originals(videos)
    assert ((plain @ originals.T).argmax(axis=1) == np.arange(CLIPS)).mean() > 0.8
    assert (mixed * originals).sum() < (plain * originals).sum()
    assert np.array_equal(mixed, made.copies(videos, np.arange(CLIPS), 0.5, np.random.default_rng(0)))


def test_videos_are_put_together_from_all_clips() -> None:
    for seed in range(20):
        videos = put_together(np.arange(10, 23), np.random.default_rng(seed))
        assert sorted(np.concatenate(videos).tolist()) == list(range(10, 23))
        assert {len(video) for video in videos} <= {1, 2, 3}
    assert [video.tolist() for video in put_together(np.array([7]), np.random.default_rng(0))] == [[7]]


def test_generated_batches() -> None:
    training, held = np.arange(9), np.arange(9, CLIPS)
    videos = GeneratedVideos(clips(), training, held, 0.5, 0)
    for epoch in range(1, 9):
        batches = videos.batches(2, epoch)
        together = len(put_together(training, np.random.default_rng([0, 4, epoch])))
        assert sum(len(batch.vectors) for batch in batches) == 2 * together  # none is lost
        for batch in batches:
            half = len(batch.vectors) // 2
            assert half >= 2
            for row, column in np.ndindex(batch.same.shape):
                assert batch.same[row, column] == (row % half == column % half)
            assert np.array_equal(batch.different, ~batch.same)
    for first, second in zip(videos.batches(4, 1), videos.batches(4, 1), strict=True):
        assert np.array_equal(first.vectors, second.vectors)
    found = videos.validation()
    assert found.same.sum(axis=1).tolist() == [1] * len(found.queries)
    for query, right in zip(found.queries, found.same, strict=True):
        assert query.shape == found.database[right][0].shape


def labelled() -> LabelledVideos:
    """Five pairs of copies, one of them with a third video that only a chain joins."""
    rng = np.random.default_rng(1)
    names = [f"{group}{copy}" for group in "abcde" for copy in (0, 1)] + ["a2", "z"]
    pairs = [LabelledPair(f"{group}0", f"{group}1", True) for group in "abcde"]
    pairs += [LabelledPair("a1", "a2", True), LabelledPair("a0", "z", False), LabelledPair("a0", "not there", True)]
    return LabelledVideos(rng.random((len(names), 4), dtype=np.float32), names, pairs, 0.4, 0)


def test_labelled_videos() -> None:
    videos = labelled()
    found = videos.validation()
    held = [row.tolist().index(True) if row.any() else None for row in found.same]
    assert None not in held
    for row, right, wrong in zip(found.queries, found.same, found.different, strict=True):
        own = int(np.flatnonzero((found.database == row).all(axis=1))[0])
        assert not right[own]
        assert not wrong[own]
    originals, copies = videos.pairs(1)
    assert len(originals) == len(copies) > 0
    for batch in videos.batches(3, epoch=1):
        assert not (batch.same & batch.different).any()
        assert np.array_equal(batch.same, batch.same.T)


def test_a_chain_joins_without_making_a_pair() -> None:
    videos = labelled()
    first, third = 0, 10
    assert not videos._same[first, third]
    assert not videos._different[first, third]


def test_too_few_labelled_groups() -> None:
    with pytest.raises(ValueError, match="1 groups of duplicates are too few"):
        LabelledVideos(np.ones((2, 3), dtype=np.float32), ["a", "b"], [LabelledPair("a", "b", True)], 0.5, 0)


def test_ranking_measures_by_hand() -> None:
    same = np.array([[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 0, 0]], dtype=np.bool_)
    different = ~same
    different[0, 1] = False  # not known: does not count
    videos = ValidationVideos(np.zeros((3, 2), np.float32), np.zeros((4, 2), np.float32), same, different)
    similarities = np.array([[0.9, 0.8, 0.7, 0.6], [0.5, 0.5, 0.1, 0.1], [1, 1, 1, 1]], dtype=np.float32)
    # First query: places 1 and 3 of three; second: tied with a wrong one, so place 2; the third has no duplicate.
    assert mean_average_precision(similarities, videos) == pytest.approx(((1 + 2 / 3) / 2 + 1 / 2) / 2)
    assert nearest_recall(similarities, videos) == pytest.approx(1 / 2)


def noisy_pairs() -> tuple[FloatArray, FloatArray]:
    """Two directions tell videos apart, the other four are where copies differ, and differ more."""
    rng = np.random.default_rng(2)
    content = rng.normal(size=(200, 2))
    sides = [np.concatenate([content, 3 * rng.normal(size=(200, 4))], axis=1).astype(np.float32) for _ in range(2)]
    return sides[0], sides[1]


def test_the_closed_form_looks_where_copies_agree() -> None:
    originals, copies = noisy_pairs()
    embedding = whitening_start(originals[:100], copies[:100], 2)

    def found(left: FloatArray, right: FloatArray) -> float:
        return float(((left @ right.T).argmax(axis=1) == np.arange(len(left))).mean())

    before = found(centred_units(originals[100:]), centred_units(copies[100:]))
    after = found(embedding.embed(originals[100:]), embedding.embed(copies[100:]))
    assert after > 2 * before
    with pytest.raises(ValueError, match="give more, or fewer than 60"):
        whitening_start(originals[:5], copies[:5], 60)
