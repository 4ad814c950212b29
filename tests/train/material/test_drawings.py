import numpy as np
from vdup.train.material.drawings import draw_picture


def test_drawings_have_the_asked_size_and_differ() -> None:
    rng = np.random.default_rng(1)
    pictures = [draw_picture(64, rng) for _ in range(8)]
    assert all(picture.shape == (64, 64, 3) and picture.dtype == np.uint8 for picture in pictures)
    assert len({picture.tobytes() for picture in pictures}) == 8


def test_a_seed_gives_the_same_drawing() -> None:
    assert (draw_picture(32, np.random.default_rng(3)) == draw_picture(32, np.random.default_rng(3))).all()
