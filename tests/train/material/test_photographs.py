from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from vdup.train.material.photographs import PhotographStock, differences, distinct, thumbnails


def save(path: Path, seed: int, shift: int = 0) -> Path:
    coarse = np.random.default_rng(seed).integers(0, 220, (8, 8, 3), np.uint8) + shift
    Image.fromarray(coarse.astype(np.uint8)).resize((64, 64), Image.Resampling.NEAREST).save(path)
    return path


@pytest.fixture
def images(tmp_path: Path) -> list[Path]:
    return [save(tmp_path / f"{seed}.png", seed) for seed in range(12)]


def test_thumbnails_average_blocks(tmp_path: Path) -> None:
    expected = np.random.default_rng(3).integers(0, 220, (8, 8, 3), np.uint8)
    assert np.abs(thumbnails([save(tmp_path / "a.png", 3)])[0] - expected.ravel()).max() <= 1


def test_differences_are_root_mean_squares() -> None:
    rng = np.random.default_rng(0)
    left, right = (rng.uniform(0, 255, (count, 192)).astype(np.float32) for count in (3, 4))
    for i in range(3):
        for j in range(4):
            expected = np.sqrt(np.mean((left[i].astype(float) - right[j]) ** 2))
            assert differences(left, right)[i, j] == pytest.approx(expected, rel=1e-3)


def test_near_repeats_are_left_out(images: list[Path], tmp_path: Path) -> None:
    repeats = [save(tmp_path / "again.png", 4, shift=2), save(tmp_path / "brighter.png", 5, shift=30)]
    assert distinct(thumbnails([*images, *repeats])).tolist() == [*range(12), 13]


def test_photographs_are_handed_out_once(images: list[Path]) -> None:
    stock = PhotographStock(images, np.random.default_rng(0))
    first, second = stock.hand_out(5), stock.hand_out(3)
    assert len({*first, *second, *stock.unused}) == 12
    assert len(stock.unused) == 4


def test_look_alikes_come_from_the_unused_ones_without_repetition(images: list[Path], tmp_path: Path) -> None:
    twins = {path: save(tmp_path / f"twin{seed}.png", seed, shift=20) for seed, path in enumerate(images[:4])}
    for seed in range(20):
        stock = PhotographStock([*images, *twins.values()], np.random.default_rng(seed))
        handed = stock.hand_out(6)
        found = stock.look_alikes(handed)
        assert len(set(found)) == 6
        assert set(found) <= set(stock.unused)
        for path, look_alike in zip(handed, found, strict=True):
            if path in twins and twins[path] not in handed:
                assert look_alike == twins[path]


def test_look_alikes_end_with_the_stock(images: list[Path]) -> None:
    stock = PhotographStock(images, np.random.default_rng(0))
    assert len(stock.look_alikes(stock.hand_out(10))) == 2
