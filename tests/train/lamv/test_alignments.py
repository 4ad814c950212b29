import numpy as np
import pytest
import torch
from vdup.train.config.lamv import LAMVExperiment
from vdup.train.lamv.alignments import draw_alignments, with_noise
from vdup.train.lamv.recordings import Recordings

FRAMES = 20


def recordings(clips: int = 4, copies: int = 2, scenes: tuple[int, ...] = (0, 0, 1, 2)) -> Recordings:
    features = np.random.default_rng(0).standard_normal((clips, 1 + copies, FRAMES, 6))
    features /= np.linalg.norm(features, axis=3, keepdims=True)
    return Recordings(features.astype(np.float16), np.array(scenes), "digest")


EVERY = np.arange(4)
PLAIN = LAMVExperiment(noise=0.0)


def test_excerpts_are_stretches_of_the_copies() -> None:
    known = recordings()
    drawn = draw_alignments(known, np.repeat(EVERY, 6), EVERY, PLAIN, np.random.default_rng(1))
    copies_seen = set()
    for row, clip in enumerate(np.repeat(EVERY, 6)):
        length, start = int(drawn.lengths[row]), -float(drawn.offsets[row]) - 0.5
        assert start == int(start)
        assert 6 <= length <= 14
        excerpt = drawn.excerpts[row].numpy()
        assert not excerpt[length:].any()
        held = [
            copy
            for copy in (1, 2)
            if np.allclose(excerpt[:length], known.features[clip, copy, int(start) : int(start) + length], atol=2e-3)
        ]
        assert len(held) == 1
        copies_seen.update(held)
        np.testing.assert_array_equal(drawn.originals[row].numpy(), known.features[clip, 0].astype(np.float32))
        stranger = [
            other
            for other in EVERY
            if np.array_equal(drawn.others[row].numpy(), known.features[other, 0].astype(np.float32))
        ]
        assert known.scenes[stranger[0]] != known.scenes[clip]
    assert copies_seen == {1, 2}


def test_equal_generators_draw_the_same() -> None:
    first, second = (
        draw_alignments(recordings(), EVERY, EVERY, LAMVExperiment(), np.random.default_rng(2)) for _ in range(2)
    )
    assert torch.equal(first.excerpts, second.excerpts)
    assert torch.equal(first.offsets, second.offsets)


def test_one_scene_has_no_other_videos() -> None:
    with pytest.raises(ValueError, match="one scene"):
        draw_alignments(recordings(), EVERY[:2], EVERY[:2], PLAIN, np.random.default_rng(3))


def test_the_grid_holds_every_overlap() -> None:
    drawn = draw_alignments(recordings(), EVERY, EVERY, PLAIN, np.random.default_rng(4))
    grid = drawn.grid.tolist()
    for row, length in enumerate(drawn.lengths.tolist()):
        for place, offset in enumerate(grid):
            # The excerpt's frame i lies on the other's frame i - offset.
            overlaps = any(0 <= i - offset < FRAMES for i in range(length))
            assert bool(drawn.overlapping[row, place]) == overlaps
            assert bool(drawn.far[row, place]) == (abs(offset - float(drawn.offsets[row])) > 1)
    assert grid[0] == 1 - FRAMES


def test_noise_has_the_length_asked_for() -> None:
    features = np.eye(400, dtype=np.float32)
    noisy = with_noise(features, 2.0, np.random.default_rng(5))
    np.testing.assert_allclose(np.linalg.norm(noisy, axis=1), 1.0, rtol=1e-5)
    assert float(np.diagonal(noisy).mean()) == pytest.approx(1 / np.sqrt(5), abs=0.01)
