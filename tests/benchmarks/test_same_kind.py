from pathlib import Path
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from vdup.train.edits.table import EDITS
from vdup.train.families.pictures import PhotographFamilies

from benchmarks import same_kind
from vdup.pipeline.encoder import Encoder
from vdup.types import CodeArray


def write_pictures(folder: Path, kind: str, count: int) -> list[Path]:
    rng = np.random.default_rng(len(kind))
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{kind}_x_{number:04d}.png" for number in range(count)]
    for path in paths:
        coarse = Image.fromarray(rng.integers(0, 256, (4, 4, 3), np.uint8))
        coarse.resize((128, 128), Image.Resampling.NEAREST).save(path)
    return paths


class Bright:
    """Codes of a picture's sixteen squares: bright or not, each colour for itself; near pictures have near codes."""

    def encode(self, images: NDArray[np.uint8]) -> CodeArray:
        side = images.shape[1] // 4
        squares = images.reshape(len(images), 4, side, 4, side, 3).mean(axis=(2, 4)).reshape(len(images), 48)
        levels = squares[:, :, None] > np.arange(10, 250, 12)
        return np.packbits(np.pad(levels.reshape(len(images), -1), ((0, 0), (0, 64))), axis=1)


class Blind:
    """One code for every picture."""

    def encode(self, images: NDArray[np.uint8]) -> CodeArray:
        return np.zeros((len(images), 128), np.uint8)


def test_kinds_are_the_first_words_of_names() -> None:
    paths = [Path(f"face_a_{number:03d}.jpg") for number in range(100)] + [Path(f"map_{n}.jpg") for n in range(39)]
    found = same_kind.kinds_of(paths, 40)
    assert list(found) == ["face"]
    assert found["face"] == [paths[place * 100 // 40] for place in range(40)]
    assert same_kind.kinds_of(paths, 1000) == {"face": paths[:100]}


def test_a_code_that_sees_is_better_than_one_that_does_not(tmp_path: Path) -> None:
    paths = write_pictures(tmp_path, "square", 20)
    only_colour = tuple(name for name in EDITS if name not in ("light", "noise", "reencode"))
    families = PhotographFamilies(paths, 2, 64, 1, only_colour)
    sees = same_kind.measure_kind(cast("Encoder", Bright()), families)
    blind = same_kind.measure_kind(cast("Encoder", Blind()), families)
    assert sees.pictures == blind.pictures == 20
    assert sees.validation.recall > 0.8
    assert blind.validation.recall == 0.0
    assert blind.validation.code_ap == pytest.approx(1 / 20)  # every pair at one distance


def test_unreadable_pictures_are_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = write_pictures(tmp_path, "square", 5)
    paths[2].write_bytes(b"no picture")
    families = PhotographFamilies(paths, 1, 64, 1, same_kind.LEFT_OUT)
    assert same_kind.measure_kind(cast("Encoder", Blind()), families).pictures == 4
    assert paths[2].name in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["images="], ["images=x", "copies=many"]])
def test_wrong_words_show_the_usage(words: list[str]) -> None:
    with pytest.raises(SystemExit, match=r"usage: python -m benchmarks\.same_kind"):
        same_kind.main(words)


def test_a_folder_without_kinds_is_told(tmp_path: Path) -> None:
    write_pictures(tmp_path / "few", "face", 3)
    with pytest.raises(SystemExit, match="no kind with 40 pictures"):
        same_kind.main([f"images={tmp_path / 'few'}"])


@pytest.mark.slow
def test_the_command_prints_a_line_a_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_pictures(tmp_path / "many", "face", 40)
    same_kind.main([f"images={tmp_path / 'many'}", "copies=1", "backbone.device=cpu", "backbone.precision=float32"])
    printed = capsys.readouterr().out
    assert "face" in printed
    assert "mean" in printed
    assert "milliseconds a frame on one core" in printed
