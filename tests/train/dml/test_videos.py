import numpy as np
import pytest
from vdup.train.dml.generated import GeneratedVideos
from vdup.train.dml.labelled import LabelledVideos
from vdup.train.dml.loop import ValidationVideos, mean_average_precision, nearest_recall
from vdup.train.dml.start import whitening_start
from vdup.train.dml.videos import ClipVectors

from vdup.aggregation.normalise import centred_units
from vdup.pipeline.labelled_pairs import LabelledPair
from vdup.types import FloatArray

CLIPS, VIEWS, FRAMES, WIDTH = 12, 2, 4, 6


def clips(noise: float = 0.05) -> ClipVectors:
    rng = np.random.default_rng(0)
    content = rng.random((CLIPS, 1, 1, WIDTH))
    rows = content + noise * rng.normal(size=(CLIPS, 1 + VIEWS, FRAMES, WIDTH))
    return ClipVectors(rows.astype(np.float16))


def test_originals_are_means_of_all_frames() -> None:
    made = clips()
    found = made.originals(np.array([3]))
    expected = made.rows[3, 0].astype(np.float32).mean(axis=0)
    np.testing.assert_allclose(found[0], centred_units(expected[None])[0], rtol=1e-5)
    assert (made.views, made.dimensions) == (VIEWS, WIDTH)


def test_copies_lie_near_their_originals_and_hold_other_footage() -> None:
    made = clips()
    numbers = np.arange(CLIPS)
    views = np.ones(CLIPS, dtype=np.int64)
    plain = made.copies(numbers, views, numbers[:0], 0.5, np.random.default_rng(0))
    mixed = made.copies(numbers, views, numbers, 0.5, np.random.default_rng(0))
    originals = made.originals(numbers)
    to_own = (plain * originals).sum(axis=1)
    assert ((plain @ originals.T).argmax(axis=1) == numbers).mean() > 0.8
    assert (mixed * originals).sum(axis=1).mean() < to_own.mean()
    again = made.copies(numbers, views, numbers, 0.5, np.random.default_rng(0))
    assert np.array_equal(mixed, again)


def test_generated_batches() -> None:
    training, held = np.arange(9), np.arange(9, CLIPS)
    videos = GeneratedVideos(clips(), training, held, 0.5, 0)
    batches = videos.batches(4, epoch=1)
    assert [len(batch.vectors) for batch in batches] == [8, 10]  # no clip alone
    for batch in batches:
        half = len(batch.vectors) // 2
        assert np.array_equal(batch.same, np.tile(np.eye(half, dtype=np.bool_), (2, 2)))
        assert np.array_equal(batch.different, ~batch.same)
    for first, second in zip(batches, videos.batches(4, epoch=1), strict=True):
        assert np.array_equal(first.vectors, second.vectors)
    assert not np.array_equal(batches[0].vectors, videos.batches(4, epoch=2)[0].vectors)
    found = videos.validation()
    assert found.same.sum(axis=1).tolist() == [1] * len(found.queries)
    assert len(found.database) < CLIPS  # what gives the other footage is not among it


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
