import numpy as np
import torch
from vdup.train.distil.material import Maps, Material


def material(families: int = 5, views: int = 3) -> Material:
    rng = np.random.default_rng(0)
    return Material(
        maps={
            2: Maps(rng.standard_normal((families, views, 5, 2, 2)).astype(np.float16), np.arange(families)),
            3: Maps(rng.standard_normal((3, views, 5, 3, 3)).astype(np.float16), np.array([0, 2, 4])),
        },
        teacher=rng.standard_normal((families, 4)).astype(np.float16),
        edits=tuple(("", "crop", "hue") for _ in range(families)),
        scenes=np.arange(families, dtype=np.int64),
        digest="made up",
    )


def test_a_batch_holds_the_asked_views() -> None:
    made = material()
    maps, vectors = made.batch(np.array([4, 0]), np.array([1, 2]), 3)
    assert maps.dtype == torch.float32
    values = made.maps[3].values
    assert np.array_equal(maps.numpy(), np.stack([values[2, 1], values[0, 2]]).astype(np.float32))
    # A copy is to get the vector of its original.
    assert np.array_equal(vectors.numpy(), np.stack([made.teacher[4], made.teacher[0]]).astype(np.float32))
    assert made.views == 3
    assert made.present(np.array([0, 1, 4]), 3).tolist() == [0, 4]
