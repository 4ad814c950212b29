import numpy as np
import torch
from vdup.train.distil.material import Material, nearest_others


def material(families: int = 5, views: int = 3) -> Material:
    rng = np.random.default_rng(0)
    return Material(
        maps={side: rng.standard_normal((families, views, 5, side, side)).astype(np.float16) for side in (2, 3)},
        teacher=rng.standard_normal((families, views, 4)).astype(np.float16),
        edits=tuple(("", "crop", "hue") for _ in range(families)),
        scenes=np.arange(families, dtype=np.int64),
        digest="made up",
    )


def test_a_batch_holds_the_asked_views() -> None:
    made = material()
    maps, vectors = made.batch(np.array([4, 0]), np.array([1, 2]), 3)
    assert maps.dtype == torch.float32
    assert np.array_equal(maps.numpy(), np.stack([made.maps[3][4, 1], made.maps[3][0, 2]]).astype(np.float32))
    assert np.array_equal(vectors.numpy(), np.stack([made.teacher[4, 1], made.teacher[0, 2]]).astype(np.float32))


def test_nearest_others_against_a_loop() -> None:
    rng = np.random.default_rng(1)
    rows = rng.standard_normal((1500, 6))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)
    found = nearest_others(rows, 3)
    assert found.shape == (1500, 3)
    exact = rows.astype(np.float32)
    for row in (0, 700, 1023, 1024, 1499):
        cosines = exact @ exact[row]
        cosines[row] = -np.inf
        np.testing.assert_allclose(cosines[found[row]], np.sort(cosines)[::-1][:3], atol=1e-5)
        assert row not in found[row]


def test_few_rows_have_few_others() -> None:
    assert nearest_others(np.eye(2, dtype=np.float16), 3).tolist() == [[1], [0]]
    assert nearest_others(np.eye(3, dtype=np.float16), 0).shape == (3, 0)
