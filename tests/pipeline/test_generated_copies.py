import numpy as np
from PIL import Image

from vdup.pipeline.generated_copies import Images, edited_copy, edited_frames, mildest_copy


def frames(count: int = 6, side: int = 64) -> Images:
    rng = np.random.default_rng(0)
    coarse = [Image.fromarray(rng.integers(0, 256, (6, 6, 3), np.uint8)) for _ in range(count)]
    return np.stack([np.asarray(one.resize((side, side), Image.Resampling.BICUBIC)) for one in coarse])


def difference(left: Images, right: Images) -> float:
    return float(np.abs(left.astype(int) - right.astype(int)).mean())


def test_the_mildest_copy_is_hardly_changed() -> None:
    images = frames()
    copied = mildest_copy(images, np.random.default_rng(1))
    assert copied.shape == images.shape
    assert copied.dtype == np.uint8
    assert 0 < difference(copied, images) < 10


def test_edited_copies_are_stretches_and_differ_from_one_another() -> None:
    images = frames()
    made = [edited_copy(images, np.random.default_rng(seed)) for seed in range(12)]
    assert {len(copied) for copied in made} == {3, 4, 5, 6}
    assert all(copied.shape[1:] == images.shape[1:] for copied in made)
    again = edited_copy(images, np.random.default_rng(3))
    assert np.array_equal(again, made[3])
    whole = [copied for copied in made if len(copied) == len(images)]
    assert any(difference(copied, images) > 10 for copied in whole)


def test_all_frames_can_be_kept() -> None:
    images = frames()
    made = [edited_frames(images, np.random.default_rng(seed)) for seed in range(6)]
    assert all(copied.shape == images.shape for copied in made)
    assert all(difference(copied, images) > 0 for copied in made)
    assert np.array_equal(edited_frames(images, np.random.default_rng(3)), made[3])


def test_a_single_frame() -> None:
    assert edited_copy(frames(1), np.random.default_rng(0)).shape == (1, 64, 64, 3)
