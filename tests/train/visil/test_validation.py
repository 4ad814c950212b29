import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from vdup.train.visil.compose import Composer
from vdup.train.visil.tracks import ClipTracks
from vdup.train.visil.validation import HeldOut, Validation, rate

from vdup.config import ViSiLVariant
from vdup.visil import ViSiL


def naive(scores: NDArray[np.float64], own: list[int]) -> Validation:
    """At every threshold the precision, times the recall that is won there."""
    total, before = 0.0, 0
    for threshold in sorted(set(scores.ravel().tolist()), reverse=True):
        reported = [(q, c) for q in range(len(own)) for c in range(scores.shape[1]) if scores[q, c] >= threshold]
        right = sum(own[q] == c for q, c in reported)
        total += (right - before) / len(own) * right / len(reported)
        before = right
    first = [
        all(scores[q, own[q]] > scores[q, c] for c in range(scores.shape[1]) if c != own[q]) for q in range(len(own))
    ]
    return Validation(total, sum(first) / len(first))


@pytest.mark.parametrize("seed", range(5))
def test_equals_plain_loops(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = np.round(rng.normal(size=(7, 4)), 1)  # with ties
    own = rng.integers(4, size=7).tolist()
    found, expected = rate(scores, own), naive(scores, own)
    assert found.average_precision == pytest.approx(expected.average_precision, abs=1e-12)
    assert found.recall == expected.recall


def test_all_right_and_all_alike() -> None:
    assert rate(np.eye(3), [0, 1, 2]) == Validation(1.0, 1.0)
    assert rate(np.zeros((3, 3)), [0, 1, 2]) == Validation(1 / 3, 0.0)


def test_copies_are_found_among_the_held_out_originals() -> None:
    rng = np.random.default_rng(0)
    originals = rng.normal(size=(9, 1, 8, 4, 12))
    vectors = np.concatenate([originals, originals + 0.1 * rng.normal(size=originals.shape)], axis=1)
    vectors /= np.linalg.norm(vectors, axis=4, keepdims=True)
    tracks = ClipTracks(vectors.astype(np.float16), np.arange(9), "d")
    composer = Composer(tracks, np.arange(5))
    held_out = HeldOut(tracks, np.arange(5, 9), composer, seed=1)
    plain = ViSiL(ViSiLVariant.f, 12)
    found = held_out.measure(plain, torch.device("cpu"))
    assert found == HeldOut(tracks, np.arange(5, 9), composer, seed=1).measure(plain, torch.device("cpu"))
    assert found.recall == 1
    strangers = ClipTracks(rng.permuted(tracks.vectors, axis=4), tracks.scenes, "d")
    assert HeldOut(strangers, np.arange(5, 9), composer, seed=1).measure(plain, torch.device("cpu")).recall < 1
