import numpy as np
from vdup.train.visil.tracks import ClipTracks


def test_made_up_videos_are_gathered_frame_by_frame() -> None:
    vectors = np.random.default_rng(0).normal(size=(3, 2, 4, 9, 5)).astype(np.float16)
    tracks = ClipTracks(vectors, np.arange(3), "d")
    assert (tracks.frames, tracks.copies) == (4, 1)
    rows = np.array([[2, 1, 3], [0, 0, 1], [2, 1, 3]])
    found = tracks.gather(rows)
    assert found.dtype == np.float32
    for place, (clip, copy, frame) in enumerate(rows):
        np.testing.assert_array_equal(found[place], vectors[clip, copy, frame].astype(np.float32))


def test_means_are_of_the_regions_of_the_originals() -> None:
    vectors = np.random.default_rng(0).normal(size=(2, 2, 3, 9, 5)).astype(np.float16)
    means = ClipTracks(vectors, np.arange(2), "d").means()
    for clip in range(2):
        for frame in range(3):
            mean = vectors[clip, 0, frame].astype(np.float64).sum(axis=0)
            np.testing.assert_allclose(means[clip, frame], mean / np.linalg.norm(mean), atol=1e-3)
