from pathlib import Path
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from vdup.train.families.view_features import view_features

from vdup.features.extractor import FrameExtractor
from vdup.types import FloatArray

SIDE, VIEWS = 24, 4


class Pixels:
    """Stands for an extractor: the feature of a frame is its pixels."""

    def __init__(self) -> None:
        self.seen: list[NDArray[np.uint8]] = []

    def extract(self, images: NDArray[np.uint8], mirrored: bool = False) -> FloatArray:
        assert not mirrored
        self.seen.append(images)
        return images.reshape(len(images), -1).astype(np.float32)

    def as_extractor(self) -> FrameExtractor:
        return cast("FrameExtractor", self)


@pytest.fixture
def photographs(tmp_path: Path) -> list[Path]:
    rng = np.random.default_rng(0)
    paths = []
    for number in range(3):
        coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3), np.uint8))
        paths.append(tmp_path / f"{number}.png")
        coarse.resize((96, 64), Image.Resampling.BICUBIC).save(paths[-1])
    return paths


def test_originals_and_views_of_every_photograph(photographs: list[Path]) -> None:
    pixels = Pixels()
    features = view_features(pixels.as_extractor(), photographs, VIEWS, SIDE, seed=0)
    assert features.originals.shape == (3, 3 * SIDE**2)
    assert features.views.shape == (3, VIEWS, 3 * SIDE**2)
    assert features.originals.dtype == features.views.dtype == np.float32
    assert all(images.shape == (1 + VIEWS, SIDE, SIDE, 3) and images.dtype == np.uint8 for images in pixels.seen)
    for original, path in zip(features.originals, photographs, strict=True):
        with Image.open(path) as image:
            expected = np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BILINEAR))
        np.testing.assert_array_equal(original, expected.ravel())


def test_views_differ_from_their_original_and_from_one_another(photographs: list[Path]) -> None:
    features = view_features(Pixels().as_extractor(), photographs, VIEWS, SIDE, seed=0)
    for original, views in zip(features.originals, features.views, strict=True):
        pictures = [original, *views]
        same = [np.array_equal(a, b) for place, a in enumerate(pictures) for b in pictures[:place]]
        assert not any(same)


def test_seed_decides_the_edits(photographs: list[Path]) -> None:
    first, again, other = (view_features(Pixels().as_extractor(), photographs, VIEWS, SIDE, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.views, again.views)
    assert not np.array_equal(first.views, other.views)
    np.testing.assert_array_equal(first.originals, other.originals)


def test_more_views_than_kinds_of_edits(photographs: list[Path]) -> None:
    features = view_features(Pixels().as_extractor(), photographs[:1], 60, SIDE, seed=0)
    assert features.views.shape[:2] == (1, 60)


def test_unreadable_photographs_are_skipped_with_a_warning(
    photographs: list[Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no image")
    steps: list[tuple[int, int]] = []
    features = view_features(
        Pixels().as_extractor(),
        [photographs[0], broken, tmp_path / "absent.png", photographs[1]],
        VIEWS,
        SIDE,
        seed=0,
        progress=lambda done, total: steps.append((done, total)),
    )
    assert len(features.originals) == len(features.views) == 2
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    assert "broken.jpg" in caplog.text
    assert "absent.png" in caplog.text
    assert steps == [(1, 4), (2, 4)]


def test_no_readable_photograph_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no image")
    for paths in ([], [broken]):
        with pytest.raises(ValueError, match="none of the photographs can be read"):
            view_features(Pixels().as_extractor(), paths, VIEWS, SIDE, seed=0)
