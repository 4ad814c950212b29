import json
from pathlib import Path

import av
import numpy as np
import pytest
from rich.console import Console
from video_factory import numbered_picture, read_number

from examples import demo
from examples.compilation import (
    PLAN,
    Gap,
    Planted,
    Stretch,
    crop_and_caption,
    grey,
    make_compilation,
    mirror,
    unchanged,
)
from examples.footage import HEIGHT, WIDTH, Picture, fit, read_clip, shapes
from vdup.video.writer import write_video


def numbered_video(path: Path, frames: int, frames_per_second: int = 25) -> Path:
    pictures = (numbered_picture(number, width=160, height=90) for number in range(frames))
    write_video(path, pictures, frames_per_second, options={"preset": "ultrafast", "crf": "12"})
    return path


def pictures_of(path: Path) -> list[Picture]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24").astype(np.uint8) for frame in container.decode(video=0)]


def found(
    reference: str, query: tuple[float, float], reference_seconds: tuple[float, float], score: float = 0.9
) -> demo.Found:
    return demo.Found(reference, *query, *reference_seconds, speed=1.0, score=score, mirrored=False)


def planted(reference: str, query: tuple[float, float], reference_seconds: tuple[float, float]) -> Planted:
    return Planted(Stretch(reference, *reference_seconds, "none", unchanged), *query)


def test_compilation_shows_what_the_plan_says(tmp_path: Path) -> None:
    numbered_video(tmp_path / "a.mp4", 40)
    numbered_video(tmp_path / "b.mp4", 30)
    plan = (
        Gap(0.2),
        Stretch("a.mp4", 0.4, 0.8, "none", unchanged),
        Gap(0.12),
        Stretch("a.mp4", 0.2, 1.4, "faster", unchanged, speed=1.5),
        Stretch("b.mp4", 0.04, 0.24, "mirrored", mirror, mirrored=True),
    )
    places = make_compilation(tmp_path / "all.mp4", plan, tmp_path)
    assert [(one.start_seconds, one.end_seconds) for one in places] == [(0.2, 0.6), (0.72, 1.52), (1.52, 1.72)]
    assert [one.stretch for one in places] == [part for part in plan if isinstance(part, Stretch)]
    shown = pictures_of(tmp_path / "all.mp4")
    assert len(shown) == 43
    assert [read_number(picture) for picture in shown[5:15]] == list(range(10, 20))
    # At 1.5 times the speed frame i shows the reference's frame 5 + floor(1.5 i).
    assert [read_number(picture) for picture in shown[18:38]] == [5 + 3 * i // 2 for i in range(20)]
    assert [read_number(mirror(picture)) for picture in shown[38:43]] == list(range(1, 6))


def test_compressed_stretch_keeps_its_frames_and_loses_detail(tmp_path: Path) -> None:
    numbered_video(tmp_path / "a.mp4", 20)
    for name, compressed in (("plain.mp4", False), ("hard.mp4", True)):
        plan = [Stretch("a.mp4", 0.2, 0.6, "none", unchanged, compressed_first=compressed)]
        make_compilation(tmp_path / name, plan, tmp_path)
    plain, hard = pictures_of(tmp_path / "plain.mp4"), pictures_of(tmp_path / "hard.mp4")
    assert [read_number(picture) for picture in hard] == [read_number(picture) for picture in plain]
    original = fit(numbered_picture(5, width=160, height=90)).astype(int)
    assert np.abs(hard[0] - original).mean() > 1.3 * np.abs(plain[0] - original).mean()


def test_stretches_of_the_demo_are_long_enough_to_find_and_lie_inside_their_clips() -> None:
    lengths = {"bikes.mp4": 10.0, "bigbuckbunny.mp4": 5.28, "carphone.mp4": 4.0}
    stretches = [part for part in PLAN if isinstance(part, Stretch)]
    assert len(stretches) == 4
    for stretch in stretches:
        assert 0 <= stretch.start_seconds < stretch.end_seconds <= lengths[stretch.reference]
        assert stretch.frames >= 100
        wide = np.tile(np.arange(0, 240, 4, dtype=np.uint8)[None, :, None], (32, 1, 3))
        changed = stretch.change(wide)
        assert (changed[0, 0, 0] > changed[0, -1, 0]) == stretch.mirrored


def test_read_clip_follows_presentation_times(tmp_path: Path) -> None:
    clip = numbered_video(tmp_path / "thirty.mp4", 30, frames_per_second=30)
    numbers = [read_number(picture) for picture in read_clip(clip, 0.2, 10)]
    assert numbers == [6 + 6 * i // 5 for i in range(10)]


def test_read_clip_stands_still_after_the_end(tmp_path: Path) -> None:
    clip = numbered_video(tmp_path / "short.mp4", 10)
    assert [read_number(picture) for picture in read_clip(clip, 0.28, 6)] == [7, 8, 9, 9, 9, 9]


def test_read_clip_half_speed_repeats_frames(tmp_path: Path) -> None:
    clip = numbered_video(tmp_path / "clip.mp4", 10)
    assert [read_number(picture) for picture in read_clip(clip, 0.0, 6, speed=0.5)] == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize(("height", "width"), [(100, 400), (100, 100), (720, 1280)])
def test_fit_keeps_the_shape_and_fills_up_with_black(height: int, width: int) -> None:
    fitted = fit(np.full((height, width, 3), 200, dtype=np.uint8))
    assert fitted.shape == (HEIGHT, WIDTH, 3)
    rows, columns = np.flatnonzero(fitted.any(axis=(1, 2))), np.flatnonzero(fitted.any(axis=(0, 2)))
    assert len(columns) / len(rows) == pytest.approx(width / height, rel=0.01)
    assert len(rows) == HEIGHT or len(columns) == WIDTH
    assert abs(rows[0] - (HEIGHT - 1 - rows[-1])) <= 1
    assert abs(columns[0] - (WIDTH - 1 - columns[-1])) <= 1


def test_crop_and_caption() -> None:
    picture = numbered_picture(9, width=320, height=200)
    edited = crop_and_caption(picture)
    assert edited.shape == (160, 240, 3)
    np.testing.assert_array_equal(edited[:120], picture[20:140, 40:280])
    lower = edited[120:]
    assert (lower == 255).all(axis=2).any()
    assert (lower == 0).all(axis=2).any()


def test_grey_has_three_equal_channels() -> None:
    edited = grey(numbered_picture(3))
    assert (edited == edited[:, :, :1]).all()
    assert edited.std() > 10


def test_mirror_twice_is_nothing() -> None:
    picture = numbered_picture(6)
    np.testing.assert_array_equal(mirror(picture)[3, 0], picture[3, -1])
    np.testing.assert_array_equal(mirror(mirror(picture)), picture)


def test_shapes_repeat_for_a_seed_and_differ_between_seeds() -> None:
    first, again, other = (np.stack(list(shapes(seed, 65))) for seed in (1, 1, 2))
    assert first.shape == (65, HEIGHT, WIDTH, 3)
    np.testing.assert_array_equal(first, again)
    assert np.abs(first[0].astype(int) - other[0]).mean() > 20
    within_shot, at_cut = (np.abs(first[a].astype(int) - first[a + 1]).mean() for a in (10, 61))
    assert 0 < within_shot < at_cut / 4


def test_pair_up_takes_the_best_match_of_each_stretch() -> None:
    stretches = [planted("a", (5, 11), (0, 6)), planted("a", (20, 24), (2, 6)), planted("b", (30, 35), (0, 5))]
    right, repeated = found("a", (5.5, 11), (0.5, 6)), found("a", (5, 9), (0, 4), score=0.6)
    elsewhere = found("b", (5, 11), (0, 6))
    wrong_time = found("a", (20, 24), (40, 44))
    best, others = demo.pair_up(stretches, [repeated, right, elsewhere, wrong_time])
    assert best == [right, None, None]
    assert others == [elsewhere, wrong_time]
    assert demo.error_seconds(stretches[0], right) == 0.5


def test_half_of_a_stretch_is_not_enough() -> None:
    one = planted("a", (0, 10), (0, 10))
    assert demo.pair_up([one], [found("a", (0, 5), (0, 5))])[0] == [None]
    assert demo.pair_up([one], [found("a", (0, 5.1), (0, 5.1))])[0] != [None]


@pytest.mark.parametrize(
    ("seconds", "mirrored", "code", "last"),
    [
        ((5.0, 11.2), False, 0, "All 1 stretches"),
        ((5.0, 11.2), True, 0, "For 1 of them the match is wrong about being mirrored."),
        ((50.0, 56.0), False, 1, "1 of"),
    ],
)
def test_exit_code_tells_whether_all_was_found(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    seconds: tuple[float, float],
    mirrored: bool,
    code: int,
    last: str,
) -> None:
    """The files and the two commands are left out: what they would write is written here."""
    match = {
        "reference_id": "a.mp4",
        "query_start_seconds": seconds[0],
        "query_end_seconds": seconds[1],
        "reference_start_seconds": 0.0,
        "reference_end_seconds": 6.0,
        "speed": 1.0,
        "score": 0.875,
        "evidence": {"mirrored": mirrored},
    }
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(demo, "make_references", lambda folder, clips: folder.mkdir(parents=True))
    monkeypatch.setattr(demo, "make_compilation", lambda *_: [planted("a.mp4", (5, 11), (0, 6))])
    monkeypatch.setattr(demo, "run", lambda *_: Path("demo/matches.json").write_text(json.dumps({"matches": [match]})))
    assert demo.main() == code
    out = capsys.readouterr().out
    assert out.splitlines()[-1].startswith(last)
    assert ("0.20 s off" in out) == (code == 0)
    assert ("never put in: a.mp4" in out) == (code == 1)


def test_failing_command_ends_the_demo(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="exit code 3"):
        demo.run(Console(), "-c", "raise SystemExit(3)")
    assert "$ python -c raise SystemExit(3)" in capsys.readouterr().out


def test_clips_come_with_the_installed_package() -> None:
    names = {file.name for file in demo.clips_folder().iterdir()}
    assert {"bikes.mp4", "bigbuckbunny.mp4", "carphone_pristine.mp4"} <= names
