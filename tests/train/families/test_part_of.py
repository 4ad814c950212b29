from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from vdup.train.families.part_of import Chosen, Originals
from vdup.train.families.pictures import PhotographFamilies


@pytest.fixture
def photographs(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{number}.png" for number in range(3)]
    for number, path in enumerate(paths):
        coarse = Image.fromarray(np.random.default_rng(number).integers(0, 256, (6, 8, 3), np.uint8))
        coarse.resize((96, 64), Image.Resampling.BICUBIC).save(path)
    return paths


def source(photographs: list[Path], views: int = 2) -> PhotographFamilies:
    return PhotographFamilies(photographs, views, 32, 3)


def test_originals_are_the_same_whatever_the_copies(photographs: list[Path]) -> None:
    one, other = Originals(source(photographs)), Originals(source(photographs, 1))
    assert len(one) == len(photographs)
    (family,), (again,), (whole,) = one.load(1), other.load(1), source(photographs).load(1)
    assert family.images.shape == (1, 32, 32, 3)
    assert family.edits == ("",)
    assert family.scene == 1
    assert np.array_equal(family.images, again.images)
    assert np.array_equal(family.images[0], whole.images[0])
    assert one.digest != other.digest
    assert one.digest != source(photographs).digest


def test_chosen_parts_are_those_of_the_source(photographs: list[Path]) -> None:
    whole = source(photographs)
    chosen = Chosen(whole, np.array([0, 2]))
    assert len(chosen) == 2
    (family,), (same,) = chosen.load(1, 4), whole.load(2, 4)
    assert family.scene == 2
    assert family.edits == same.edits
    assert np.array_equal(family.images, same.images)
    assert chosen.digest != whole.digest
    assert chosen.digest != Chosen(whole, np.array([0, 1])).digest
