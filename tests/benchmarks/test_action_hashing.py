from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.action_hashing import Found, main, verdict
from benchmarks.camera_moves import FRAMES, MOVES, film, photographs, stretches, write_action_set
from vdup.datasets.actions import load_ucf101
from vdup.errors import ConfigError
from vdup.video.writer import write_video


def moved(name: str, seed: int) -> list[np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    path = MOVES[name](np.linspace(0, 1, FRAMES), np.random.default_rng(seed))
    return [path.x, path.y, path.zoom, path.degrees]


@pytest.mark.parametrize("seed", range(3))
def test_moves_are_what_they_are_called(seed: int) -> None:
    assert len(MOVES) >= 8
    for name, column, sign in (
        ("PanLeft", 0, -1),
        ("PanRight", 0, 1),
        ("TiltUp", 1, -1),
        ("TiltDown", 1, 1),
        ("ZoomIn", 2, 1),
        ("ZoomOut", 2, -1),
        ("TurnClockwise", 3, 1),
        ("TurnAnticlockwise", 3, -1),
    ):
        steps = np.diff(moved(name, seed)[column])
        assert (np.sign(steps) == sign).all(), name
    steps = np.hypot(*np.diff(moved("Bursts", seed)[:2]))
    assert (steps > 0.05).sum() <= 6
    assert np.diff(np.sign(np.diff(moved("Shake", seed)[0]))).any()


def test_the_camera_shows_what_it_looks_at() -> None:
    rows, columns = np.mgrid[0:128, 0:160].astype(np.uint8)
    footage = np.stack([rows, columns, np.zeros_like(rows)], axis=-1)[None]
    still = MOVES["PanRight"](np.full(1, 0.5), np.random.default_rng(0))
    [frame] = film(footage, still, 64)
    # Half the short side around the middle: rows 32 to 96, columns 48 to 112.
    assert frame[:, 10, 0] == pytest.approx(np.arange(32, 96), abs=1)
    assert frame[10, :, 1] == pytest.approx(np.arange(48, 112), abs=1)


def test_a_clockwise_turn_turns_the_picture_clockwise() -> None:
    footage = np.zeros((1, 64, 64, 3), np.uint8)
    footage[0, 18:24, 30:34] = 255  # above the middle
    path = MOVES["TurnClockwise"](np.zeros(1), np.random.default_rng(0))
    path.degrees[:] = 90
    [frame] = film(footage, path, 32)
    row, column = np.unravel_index(frame[..., 0].argmax(), frame.shape[:2])
    assert (abs(int(row) - 16) <= 2, int(column) > 22) == (True, True)


def test_the_set_is_filmed_and_listed(tmp_path: Path) -> None:
    footage = [np.full((1, 48, 48, 3), level, np.uint8) for level in (50, 100, 150)]
    write_action_set(tmp_path, footage[:2], footage[2:], seed=0)
    found = load_ucf101(tmp_path)
    assert len(found.references) == 2 * len(MOVES)
    assert len(found.queries) == len(MOVES)
    assert all(video.path is not None for video in (*found.references, *found.queries))
    assert {Path(video.id).stem for video in found.queries} == {"g002_c1"}


def test_footage(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for number in range(6):
        Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).resize((80, 60)).save(
            tmp_path / f"{number}.png"
        )
    paths = sorted(tmp_path.glob("*.png"))
    found = photographs(paths, 3, rng)
    assert [footage.shape for footage in found] == [(1, 192, 256, 3)] * 3
    assert not np.array_equal(found[0], found[1])
    with pytest.raises(ConfigError, match="are needed"):
        photographs(paths, 9, rng)
    write_video(tmp_path / "v.mp4", rng.integers(0, 256, (60, 32, 48, 3), dtype=np.uint8), 12)
    [first, second] = stretches([tmp_path / "v.mp4"], 2)
    assert first.shape == (FRAMES, 32, 48, 3)
    assert not np.array_equal(first, second)
    (tmp_path / "bad.mp4").write_bytes(b"x")
    with pytest.raises(ConfigError, match="0 stretches could be read"):
        stretches([tmp_path / "bad.mp4"], 1)


def test_the_floors() -> None:
    before = Found(0.1, 0.1, 0.12)
    times, share, reached = verdict(before, Found(0.31, 0.4, 0.3))
    assert (times, share) == pytest.approx((3.1, 0.775))
    assert reached
    assert not verdict(before, Found(0.29, 0.3, 0.3))[2]
    assert not verdict(before, Found(0.4, 0.4, 0.6))[2]


@pytest.mark.parametrize("words", [[], ["images=a", "videos=b"], ["images=a", "clips=3"]])
def test_wrong_use(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert "usage: python -m benchmarks.action_hashing" in capsys.readouterr().err
