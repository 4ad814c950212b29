import math
from pathlib import Path

import numpy as np
import pytest

from vdup.aggregation.codebook import Codebook, load_codebook, save_codebook
from vdup.aggregation.codebook_fit import fit_codebook
from vdup.errors import WeightsError

MAXIMA = {"backbone": "tiny", "layers": ["a", "b"]}


def book() -> Codebook:
    """Two words of the first number, three of the other two."""
    centres = (
        np.array([[0], [10]], dtype=np.float32),
        np.array([[0, 0], [5, 5], [9, 0]], dtype=np.float32),
    )
    return Codebook(centres, (np.ones(2, dtype=np.float32), np.ones(3, dtype=np.float32)))


def test_words_of_frames() -> None:
    frames = np.array([[1, 4, 4], [9, 8, 1], [4, 0, 1]], dtype=np.float32)
    assert book().words_of(frames).tolist() == [[1, 0, 0, 1, 0], [0, 1, 0, 0, 1], [1, 0, 1, 0, 0]]
    assert book().words_of(frames[:0]).shape == (0, 5)
    with pytest.raises(ValueError, match=r"\[N, 3\]"):
        book().words_of(frames[:, :2])


def test_idf_counts_the_videos_that_hold_a_word() -> None:
    histograms = np.array([[0.5, 0.5, 0, 1, 0], [1, 0, 0, 1, 0], [1, 0, 1, 0, 0]], dtype=np.float32)
    weighted = book().with_idf_of(histograms)
    idf = np.concatenate(weighted.idf)
    expected = []
    for word in range(5):
        holding = sum(1 for video in histograms if video[word] > 0)
        expected.append(math.log(3 / holding) if holding else math.log(3) + math.log(2))
    np.testing.assert_allclose(idf, expected, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(weighted.weighted(histograms), histograms * np.array(expected), rtol=1e-6, atol=1e-7)
    assert [len(part) for part in weighted.idf] == [2, 3]
    with pytest.raises(ValueError, match="at least one video"):
        book().with_idf_of(histograms[:0])


def test_fitted_words_tell_videos_apart() -> None:
    rng = np.random.default_rng(0)
    means = rng.random((3, 4), dtype=np.float32) * 10
    videos = [(mean + rng.normal(0, 0.05, (20, 4))).astype(np.float32) for mean in means]
    for widths in ((4,), (2, 2)):
        found = fit_codebook(videos, widths, 3, batches=5)
        assert found.widths == widths
        histograms = np.stack([found.words_of(video).mean(axis=0) for video in videos])
        assert len(np.unique(histograms.round(3), axis=0)) == 3
    assert fit_codebook([videos[0][:2]], (4,), 50).words == 2
    with pytest.raises(ValueError, match="do not fit"):
        fit_codebook(videos, (3,), 2)


def test_file_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "c.safetensors"
    made = book().with_idf_of(np.eye(5, dtype=np.float32))
    save_codebook(path, made, MAXIMA, ["a", "b"])
    read = load_codebook(path, MAXIMA)
    for before, after in zip((*made.centres, *made.idf), (*read.centres, *read.idf), strict=True):
        np.testing.assert_allclose(after, before, rtol=1e-3)
    assert read.words == 5
    assert load_codebook(path).digest() == read.digest()


@pytest.mark.parametrize("contents", [b"", b"nonsense" * 40])
def test_damaged_files(tmp_path: Path, contents: bytes) -> None:
    path = tmp_path / "c.safetensors"
    path.write_bytes(contents)
    with pytest.raises(WeightsError, match="not a usable codebook"):
        load_codebook(path)


def test_other_maxima_and_missing_files(tmp_path: Path) -> None:
    path = tmp_path / "c.safetensors"
    with pytest.raises(WeightsError, match="does not exist"):
        load_codebook(path)
    save_codebook(path, book(), MAXIMA, ["a", "b"])
    with pytest.raises(WeightsError, match=r"other layer maxima \(different: backbone\)"):
        load_codebook(path, {**MAXIMA, "backbone": "other"})
