"""Copies of known geometry: what their pictures show is what is said of them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from vdup.train.edits.footage_file import read_frames, video_frames
from video_factory import regular_times, write_pictures

from benchmarks.geometry_copies import KINDS, Copy, make_copies
from vdup.types import Colour, Rectangle

SIZE = (192, 128)


def _scene(seed: int, count: int) -> list[np.ndarray]:
    """Large coloured patches that slowly change."""
    rng = np.random.default_rng(seed)
    first, last = (rng.integers(0, 256, (6, 8, 3)) for _ in range(2))
    shares = np.linspace(0, 1, count)
    mixed = [(first * (1 - share) + last * share).astype(np.uint8) for share in shares]
    return [np.asarray(Image.fromarray(one).resize(SIZE, Image.Resampling.BICUBIC)) for one in mixed]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Copy]]:
    folder = tmp_path_factory.mktemp("geometry")
    (folder / "videos").mkdir()
    for seed, name in enumerate(("a", "b")):
        write_pictures(
            folder / "videos" / f"{name}.mp4", _scene(seed, 100), regular_times(100, 25), options={"crf": "10"}
        )
    return folder, make_copies(folder / "videos", folder / "copies", 3)


def test_every_kind_of_every_video(made: tuple[Path, list[Copy]]) -> None:
    assert [(one.source, one.kind) for one in made[1]] == [
        (name, kind) for name in ("a.mp4", "b.mp4") for kind in KINDS
    ]
    for one in made[1]:
        assert 0 <= one.start_seconds <= one.start_seconds + one.seconds <= 4.1
        assert one.mirrored == ("mirrored" in one.kind)
        assert (one.turned_degrees > 0) == ("turned" in one.kind)
        assert (one.fills.area < 0.9) == any(word in one.kind for word in ("inset", "split", "bordered"))
        assert (one.shown.area < 0.9) == any(word in one.kind for word in ("cropped", "split"))


def _cut(picture: np.ndarray, part: Rectangle) -> np.ndarray:
    height, width = picture.shape[:2]
    top, left = round(part.top * height), round(part.left * width)
    bottom = round((part.top + part.height) * height)
    return picture[top:bottom, left : round((part.left + part.width) * width)]


def test_rectangles_hold_the_same_picture(made: tuple[Path, list[Copy]]) -> None:
    folder, copies = made
    for one in copies:
        query = next(iter(read_frames(folder / "copies" / one.name)))
        original = next(video_frames(folder / "videos" / one.source, 25, SIZE, 1.0, one.start_seconds))
        shown = _cut(original, one.shown)
        shown = np.rot90(shown[:, ::-1] if one.mirrored else shown, one.turned_degrees // 90)
        filled = _cut(query, one.fills)
        expected = np.asarray(Image.fromarray(np.ascontiguousarray(shown)).resize(filled.shape[1::-1]))
        luma = np.array([0.299, 0.587, 0.114])
        inner = (slice(4, -4), slice(4, -4))
        assert np.abs(filled[inner] @ luma - expected[inner] @ luma).mean() < 12, one.name
        off = np.abs(filled[inner].astype(int) - expected[inner]).mean()
        assert (off < 12) == (one.colour is Colour.kept), one.name
