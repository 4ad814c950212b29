import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from vdup.video.blank import is_blank

Picture = NDArray[np.uint8]


def plain(colour: tuple[int, int, int], height: int = 180, width: int = 320) -> Picture:
    image = np.empty((height, width, 3), dtype=np.uint8)
    image[:] = colour
    return image


def noisy(image: NDArray[np.uint8] | NDArray[np.int64] | NDArray[np.float64], deviation: float) -> Picture:
    noise = np.random.default_rng(0).normal(0, deviation, image.shape)
    return np.asarray(np.clip(image + noise, 0, 255)).astype(np.uint8)


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (16, 16, 16), (200, 30, 30), (128, 128, 128)])
@pytest.mark.parametrize("deviation", [0.0, 2.0, 6.0])
def test_plain_frames_are_blank(colour: tuple[int, int, int], deviation: float) -> None:
    assert is_blank(noisy(plain(colour), deviation))


def test_a_faint_vignette_is_blank() -> None:
    rows, columns = np.ogrid[-1:1:180j, -1:1:320j]
    assert is_blank(noisy((30 - 7 * (rows**2 + columns**2))[..., None].repeat(3, axis=2), 1.0))


@pytest.mark.parametrize(("ground", "ink"), [("black", "white"), ("white", "black"), ("navy", "yellow")])
def test_text_is_content(ground: str, ink: str) -> None:
    card = Image.new("RGB", (320, 180), ground)
    ImageDraw.Draw(card).text((110, 80), "THE END OF IT", fill=ink)
    assert not is_blank(np.asarray(card))


def test_a_night_scene_is_content() -> None:
    """Levels 4 to 34, in blocks: windows, roofs, a street."""
    blocks = np.random.default_rng(2).integers(4, 35, (12, 16, 1))
    image = blocks.repeat(15, axis=0).repeat(20, axis=1).repeat(3, axis=2)
    assert image.max() < 36
    assert not is_blank(noisy(image, 1.0))


def test_colour_alone_is_content() -> None:
    """Two halves of the same luma."""
    image = plain((120, 60, 60))
    image[:, 160:] = (20, 100, 100)
    assert not is_blank(image)


def test_a_gradient_is_content() -> None:
    assert not is_blank(np.linspace(0, 255, 320).astype(np.uint8)[None, :, None].repeat(180, 0).repeat(3, 2))


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (1, 200), (200, 2)])
def test_tiny_frames(shape: tuple[int, int]) -> None:
    assert is_blank(plain((9, 9, 9), *shape))


@pytest.mark.parametrize("bad", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)])
def test_what_is_no_image_is_refused(bad: Picture) -> None:
    with pytest.raises(ValueError, match="image must be uint8"):
        is_blank(bad)
