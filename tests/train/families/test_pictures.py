from pathlib import Path

import numpy as np
import pytest
from family_sources import NumberedFamilies
from numpy.typing import NDArray
from PIL import Image
from vdup.train.edits.table import EDITS
from vdup.train.families.pictures import Family, JoinedFamilies, PhotographFamilies, UnreadableError, read_photograph
from vdup.train.families.workers import families_of

SIDE, VIEWS = 32, 5


def save_photograph(path: Path, seed: int, size: tuple[int, int] = (96, 64)) -> Path:
    coarse = Image.fromarray(np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8))
    coarse.resize(size, Image.Resampling.BICUBIC).save(path)
    return path


@pytest.fixture
def photographs(tmp_path: Path) -> list[Path]:
    return [save_photograph(tmp_path / f"{number}.png", number) for number in range(4)]


def same(left: Family, right: Family) -> bool:
    return np.array_equal(left.images, right.images) and (left.edits, left.scene) == (right.edits, right.scene)


def test_a_family_is_the_photograph_and_its_copies(photographs: list[Path]) -> None:
    source = PhotographFamilies(photographs, VIEWS, SIDE, seed=0)
    assert len(source) == 4
    for number, path in enumerate(photographs):
        (family,) = source.load(number)
        assert family.images.shape == (1 + VIEWS, SIDE, SIDE, 3)
        assert family.images.dtype == np.uint8
        assert family.edits[0] == ""
        assert len(family.edits) == 1 + VIEWS
        assert all(family.edits[1:])
        assert family.scene == number
        with Image.open(path) as image:
            original = np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BILINEAR))
        np.testing.assert_array_equal(family.images[0], original)
        pictures = list(family.images)
        assert not any(np.array_equal(a, b) for place, a in enumerate(pictures) for b in pictures[:place])


def test_neither_order_nor_processes_matter(photographs: list[Path]) -> None:
    source = PhotographFamilies(photographs, VIEWS, SIDE, seed=0)
    forwards = [source.load(number, epoch=1)[0] for number in range(4)]
    backwards = [source.load(number, epoch=1)[0] for number in (3, 2, 1, 0)][::-1]
    elsewhere = [families[0] for _, families in families_of(source, range(4), epoch=1, workers=2)]
    for family, again, there in zip(forwards, backwards, elsewhere, strict=True):
        assert same(family, again)
        assert same(family, there)


def test_seed_and_epoch_decide_the_edits(photographs: list[Path]) -> None:
    family = PhotographFamilies(photographs, VIEWS, SIDE, seed=0).load(1)[0]
    for other in (
        PhotographFamilies(photographs, VIEWS, SIDE, seed=1).load(1)[0],
        PhotographFamilies(photographs, VIEWS, SIDE, seed=0).load(1, epoch=1)[0],
    ):
        np.testing.assert_array_equal(family.images[0], other.images[0])
        assert not np.array_equal(family.images[1:], other.images[1:])


def footage_only(paths: list[Path]) -> PhotographFamilies:
    left_out = [name for name in EDITS if name != "split"]
    return PhotographFamilies(paths, 6, SIDE, seed=0, left_out=left_out)


def share_of(colour: tuple[int, int, int], image: NDArray[np.uint8]) -> float:
    return float((np.abs(image.astype(int) - colour).max(axis=2) < 30).mean())


def test_copies_are_shown_together_with_other_photographs(tmp_path: Path) -> None:
    red, blue = (200, 0, 0), (0, 0, 200)
    paths = [tmp_path / "red.png", tmp_path / "blue.png"]
    for path, colour in zip(paths, (red, blue), strict=True):
        Image.new("RGB", (80, 60), colour).save(path)
    (family,) = footage_only(paths).load(0)
    assert share_of(red, family.images[0]) == 1.0
    mixed = [image for image, name in zip(family.images, family.edits, strict=True) if name == "split"]
    assert len(mixed) >= 3
    assert all(share_of(blue, image) > 0.4 for image in mixed)


def test_without_other_photographs_one_is_drawn(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    path = save_photograph(tmp_path / "0.png", 0)
    for paths in ([path], [path, broken]):
        (family,) = footage_only(paths).load(0)
        assert "split" in family.edits
    assert not caplog.records


@pytest.mark.parametrize("content", [None, b"", b"no image", "cut short"])
def test_unreadable_photographs(tmp_path: Path, content: bytes | str | None) -> None:
    path = tmp_path / "broken.png"
    if content == "cut short":
        save_photograph(path, 0)
        path.write_bytes(path.read_bytes()[:-2000])
    elif isinstance(content, bytes):
        path.write_bytes(content)
    with pytest.raises(UnreadableError, match=r"broken\.png"):
        PhotographFamilies([path], VIEWS, SIDE, seed=0).load(0)


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_large_photographs_are_decoded_as_frames_are(tmp_path: Path, suffix: str) -> None:
    path = save_photograph(tmp_path / f"large.{suffix}", 0, (1600, 1200))
    assert read_photograph(path, 64).shape == (320, 426, 3)
    assert read_photograph(path, 400).shape == (500, 666, 3)
    assert read_photograph(save_photograph(tmp_path / "small.png", 0), 64).shape == (64, 96, 3)


def test_photographs_of_any_mode(tmp_path: Path) -> None:
    for mode in ("L", "P", "RGBA", "CMYK", "1"):
        path = tmp_path / f"{mode}.tif"
        Image.new(mode, (40, 30)).save(path)
        assert read_photograph(path, SIDE).shape == (30, 40, 3)


def test_digest_changes_with_what_shapes_the_families(photographs: list[Path], tmp_path: Path) -> None:
    def digest(paths: list[Path] = photographs, views: int = 3, side: int = 32, seed: int = 0, *left_out: str) -> str:
        return str(PhotographFamilies(paths, views, side, seed, left_out).digest)

    others = [
        digest(photographs[:3]), digest(views=4), digest(side=33), digest(seed=1), digest(photographs, 3, 32, 0, "flip")
    ]  # fmt: skip
    assert len({digest(), *others}) == 6
    moved = tmp_path / "moved"
    moved.mkdir()
    for path in photographs:
        (moved / path.name).write_bytes(path.read_bytes())
    assert digest([moved / path.name for path in photographs]) == digest()
    (moved / "0.png").write_bytes(b"")
    assert digest([moved / path.name for path in photographs]) != digest()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [((0, 32, 0), "views=0"), ((1, 0, 0), "side_pixels=0"), ((1, 8, -1), "seed=-1"), ((1, 8, 0, ("x",)), "unknown")],
)
def test_impossible_settings(arguments: tuple[int, int, int], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        PhotographFamilies([], *arguments)


def test_joined_sources_keep_their_scenes_apart() -> None:
    first, second = NumberedFamilies(3), NumberedFamilies(2, per_part=2)
    joined = JoinedFamilies([first, NumberedFamilies(0), second])
    assert len(joined) == 5
    families = [joined.load(number, epoch=1) for number in range(5)]
    assert [[family.scene for family in part] for part in families] == [[0], [1], [2], [3, 3], [4, 4]]
    expected = [*(first.load(number, 1) for number in range(3)), *(second.load(number, 1) for number in range(2))]
    for part, alone in zip(families, expected, strict=True):
        for family, other in zip(part, alone, strict=True):
            np.testing.assert_array_equal(family.images, other.images)
    assert joined.digest != JoinedFamilies([second, first]).digest
