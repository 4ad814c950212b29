import csv
import json
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest
from command_runner import run_command
from video_factory import regular_times, write_pictures, write_sound_only

from vdup.align.__main__ import main
from vdup.config import AlignJobConfig, EfficientNetLiteConfig, SamplingConfig
from vdup.errors import ConfigError, FeatureFileError, NoVideoStreamError, VideoOpenError
from vdup.pipeline.align_recordings import align_files, read_recordings
from vdup.temporal.recordings import Alignment

EVENT = np.random.default_rng(0).integers(0, 256, (20, 6, 8, 3)).astype(float)
SMALL = ("backbone.image_side_pixels=64", "sampling.crop_bars=false", "sampling.workers=1")


def film(path: Path, start: float, end: float, fps: int, speed: float = 1.0, *, blank: bool = False) -> Path:
    """A film of coarse patterns, another one every second, faded into one another."""
    pictures = []
    for number in range(round((end - start) / speed * fps)):
        whole, share = divmod(start + number / fps * speed, 1.0)
        blended = EVENT[int(whole)] * (1 - share) + EVENT[int(whole) + 1] * share
        pictures.append(np.kron(0 * blended if blank else blended, np.ones((16, 16, 1))).astype(np.uint8))
    write_pictures(path, pictures, regular_times(len(pictures), fps))
    return path


def settings(a: Path, b: Path, file_fps: float = 15.0) -> AlignJobConfig:
    return AlignJobConfig(
        a=a,
        b=b,
        backbone=EfficientNetLiteConfig(image_side_pixels=64),
        sampling=SamplingConfig(crop_bars=False, workers=1),
        file_fps=file_fps,
    )


def found(a: Path, b: Path, file_fps: float = 15.0) -> Alignment:
    alignment = align_files(settings(a, b, file_fps))
    assert alignment is not None
    return alignment


def test_videos_of_different_rates(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    config = settings(film(tmp_path / "a.mp4", 0, 12, 10), film(tmp_path / "b.mp4", 3.3, 15, 12))
    alignment = align_files(config, lambda done, total: told.append((done, total)))
    assert alignment is not None
    assert alignment.offset_seconds == pytest.approx(3.3, abs=0.05)
    assert alignment.speed == 1.0
    assert alignment.overlap_in_b == pytest.approx((0.0, 8.7), abs=0.1)
    assert alignment.confidence > 0.9
    assert told == sorted(told)
    assert told[-1] == (24, 24)


def test_a_faster_copy(tmp_path: Path) -> None:
    alignment = found(film(tmp_path / "a.mp4", 0, 12, 10), film(tmp_path / "b.mp4", 0, 12, 10, 1.25))
    assert alignment.speed == pytest.approx(1.25, abs=0.01)
    for moment in (0.0, 12.0):
        assert alignment.offset_seconds + alignment.speed * moment / 1.25 == pytest.approx(moment, abs=0.1)


def test_a_file_with_itself_is_read_once(tmp_path: Path) -> None:
    video = film(tmp_path / "a.mp4", 0, 8, 10)
    first, second = read_recordings(settings(video, video))
    assert first is second
    assert found(video, video).offset_seconds == pytest.approx(0.0, abs=1e-3)


def test_blank_video(tmp_path: Path) -> None:
    blank = film(tmp_path / "a.mp4", 0, 5, 10, blank=True)
    shown, _ = read_recordings(settings(blank, blank))
    assert len(shown)
    assert not shown.features.any()
    assert align_files(settings(blank, film(tmp_path / "b.mp4", 0, 5, 10))) is None


def test_files_of_features(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    event = np.cumsum(random.standard_normal((400, 16)), axis=0).astype(np.float32)
    np.save(tmp_path / "a.npy", event[:300])
    np.save(tmp_path / "b.npy", event[100:])
    alignment = found(tmp_path / "a.npy", tmp_path / "b.npy", file_fps=10)
    assert alignment.offset_seconds == pytest.approx(10.0, abs=0.02)
    np.save(tmp_path / "c.npy", event[:, :8])
    with pytest.raises(ConfigError, match=r"features of 16 numbers and b=.*c\.npy of 8"):
        align_files(settings(tmp_path / "a.npy", tmp_path / "c.npy"))


def test_features_of_regions_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.ones((5, 9, 16), dtype=np.float32))
    with pytest.raises(FeatureFileError, match=r"9 regions a frame; alignment takes one vector"):
        align_files(settings(tmp_path / "a.npy", tmp_path / "a.npy"))


def test_files_that_are_no_videos(tmp_path: Path) -> None:
    video = film(tmp_path / "a.mp4", 0, 4, 10)
    (tmp_path / "text.mp4").write_text("no video")
    write_sound_only(tmp_path / "sound.mp4")
    with pytest.raises(VideoOpenError, match=r"text\.mp4"):
        align_files(settings(video, tmp_path / "text.mp4"))
    with pytest.raises(NoVideoStreamError, match=r"sound\.mp4"):
        align_files(settings(tmp_path / "sound.mp4", video))


def test_command(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    film(tmp_path / "a film.mp4", 0, 12, 10)
    film(tmp_path / "b.mp4", 3.3, 15, 12)
    words = ("a=a film.mp4", "b=b.mp4", "output=o.json", "plot=p.png", "trim=true", *SMALL)
    result = run_command(main, tmp_path, *words)
    assert (result.code, result.err.count("error")) == (0, 0)
    assert "s after a\n" in result.out
    told = json.loads((tmp_path / "o.json").read_text())
    assert told["found"]
    assert told["alignment"]["offset_seconds"] == pytest.approx(3.3, abs=0.05)
    assert [line for line in result.out.splitlines() if line.startswith("ffmpeg")] == told["trim_commands"]
    assert "a film.mp4" in shlex.split(told["trim_commands"][0])
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
    rows = list(csv.DictReader((tmp_path / "p.csv").read_text().splitlines()))
    best = max(rows, key=lambda row: -1e9 if row["score"] == "nan" else float(row["score"]))
    assert float(best["offset_seconds"]) == pytest.approx(3.3, abs=0.2)


def test_unrelated_files_are_an_answer(tmp_path: Path) -> None:
    for seed, name in ((2, "a.npy"), (3, "b.npy")):
        walk = np.cumsum(np.random.default_rng(seed).standard_normal((300, 16)), axis=0)
        np.save(tmp_path / name, walk.astype(np.float32))
    result = run_command(main, tmp_path, "a=a.npy", "b=b.npy", "output=o.json")
    assert result.code == 0
    assert "no alignment found" in result.out
    assert json.loads((tmp_path / "o.json").read_text())["found"] is False


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("a=none.mp4", "b=b.npy"), "a=none.mp4: there is no such file"),
        (("a=b.npy", "b=."), "b=. is a folder; give the name of a video"),
        (("a=b.npy", "b=/dev/null"), "b=/dev/null is not a regular file"),
        (("a=b.npy",), "the setting b is missing"),
        (("a=b.npy", "b=b.npy", "output=o.txt"), "output=o.txt: its name must end in .json"),
        (("a=b.npy", "b=b.npy", "plot=p.jpg"), "plot=p.jpg: its name must end in .png"),
        (("a=b.npy", "b=b.npy", "min_speed=2", "max_speed=1"), "max_speed=1.0 is not usable"),
        (("a=b.npy", "b=b.npy", "fps=0"), "fps=0.0 is not usable"),
    ],
)
def test_wrong_use(words: tuple[str, ...], complaint: str, tmp_path: Path) -> None:
    np.save(tmp_path / "b.npy", np.eye(4, dtype=np.float32))
    result = run_command(main, tmp_path, *words)
    assert result.code == 2
    assert result.err.startswith("wrong use: ")
    assert complaint in result.err


def test_a_plot_needs_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "b.npy", np.eye(4, dtype=np.float32))
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = run_command(main, tmp_path, "a=b.npy", "b=b.npy", "plot=p.png")
    assert result.code == 2
    assert "plot=p.png needs the package matplotlib: install vdup[train], or leave plot out" in result.err
