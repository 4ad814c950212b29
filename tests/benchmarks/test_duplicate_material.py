import hashlib
from pathlib import Path

import av
import numpy as np
import pytest
from video_factory import numbered_picture, read_number, regular_times, write_pictures

from benchmarks.duplicate_drawings import FRAMES_PER_SECOND, LEADER_SECONDS, SIZE, ident, leader, slide
from benchmarks.duplicate_material import move_away, plant_cases, wreck_middle
from vdup.errors import ConfigError
from vdup.video.reader import open_video
from vdup.video.writer import write_video

SECONDS = 10.0


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Ten videos of 10 s, of which each shows other numbers, and one of 5 s."""
    folder = tmp_path_factory.mktemp("videos")
    paths = []
    for video in range(11):
        paths.append(folder / f"v{video:02d}.mp4")
        count = 50 if video < 10 else 25
        pictures = [numbered_picture(number) for number in range(60 * video, 60 * video + count)]
        write_pictures(paths[-1], pictures, regular_times(count, 5), options={"preset": "ultrafast"})
    return paths


def numbers(path: Path) -> list[int]:
    """What the numbered pictures of a video say, one for each 0.2 s."""
    with open_video(path) as reader:
        return [read_number(picture) for _, picture in reader.frames_at(5)]


@pytest.fixture(scope="module")
def planted(
    videos: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, list[tuple[str, ...]]]]:
    """The folder, and the files of the cases of each kind."""
    target = tmp_path_factory.mktemp("planted") / "cases"
    kinds: dict[str, list[tuple[str, ...]]] = {}
    for case in plant_cases(videos, target):
        kinds.setdefault(case.kind, []).append(case.files)
    return target, kinds


Planted = tuple[Path, dict[str, list[tuple[str, ...]]]]


def test_every_file_is_of_one_case(planted: Planted) -> None:
    target, kinds = planted
    files = [file for cases in kinds.values() for case in cases for file in case]
    assert sorted(files) == sorted(path.name for path in target.iterdir())
    assert {kind: len(cases) for kind, cases in kinds.items()} == {
        "ident that films begin with": 1,
        "leader before different clips": 1,
        "lectures on one template": 1,
        "other takes": 4,
        "damaged in the middle": 1,
        "file that was moved": 1,
        "links and identical bytes": 1,
    }


def test_takes_are_of_one_video_and_show_nothing_twice(planted: Planted) -> None:
    target, kinds = planted
    for first, second in kinds["other takes"]:
        shown, shown_too = set(numbers(target / first)), set(numbers(target / second))
        assert len(shown) > 15
        assert len(shown_too) > 15
        assert not shown & shown_too
        assert {number // 60 for number in shown} == {number // 60 for number in shown_too}


def test_no_two_cases_show_the_same_video(planted: Planted) -> None:
    target, kinds = planted
    cases = [case for kind in ("other takes", "damaged in the middle") for case in kinds[kind]]
    sources = [{number // 60 for number in numbers(target / case[0])} for case in cases]
    assert all(len(source) == 1 for source in sources)
    assert len(set.union(*sources)) == len(cases)


def test_names_of_one_file_and_its_bytes_again(planted: Planted) -> None:
    target, kinds = planted
    [(named, symbolic, hard, twin)] = kinds["links and identical bytes"]
    assert (target / symbolic).is_symlink()
    assert (target / symbolic).resolve() == (target / named).resolve()
    assert (target / hard).samefile(target / named)
    assert not (target / twin).samefile(target / named)
    assert len({hashlib.sha256((target / name).read_bytes()).digest() for name in (named, twin)}) == 1


def test_a_file_is_moved_once_and_not_made_again(planted: Planted, videos: list[Path]) -> None:
    target, kinds = planted
    [(better, worse)] = kinds["file that was moved"]
    assert (target / better).stat().st_size > (target / worse).stat().st_size
    times = {path.name: path.stat().st_mtime_ns for path in target.iterdir()}
    cases = plant_cases(videos, target)
    move_away(cases, target)
    move_away(cases, target)
    assert not (target / better).exists()
    assert plant_cases(videos, target) == cases
    del times[better]
    assert {path.name: path.stat().st_mtime_ns for path in target.iterdir()} == times


def test_too_few_videos(videos: list[Path], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="9 of 10 videos are 8 s long or longer, and cases need 10"):
        plant_cases(videos[1:], tmp_path / "cases")


def test_a_wrecked_middle_is_damaged_and_the_rest_is_not(tmp_path: Path) -> None:
    pictures = [numbered_picture(number) for number in range(225)]
    options = {"preset": "veryfast", "crf": "18", "g": "25"}
    write_video(tmp_path / "whole.mp4", iter(pictures), FRAMES_PER_SECOND, options=options)
    wreck_middle(tmp_path / "whole.mp4", tmp_path / "wrecked.mp4")
    assert (tmp_path / "whole.mp4").stat().st_size == (tmp_path / "wrecked.mp4").stat().st_size
    with open_video(tmp_path / "wrecked.mp4") as reader:
        shown = {round(time * 25): read_number(picture) for time, picture in reader.frames_at(25)}
        damaged = reader.damaged_seconds
    assert all(shown[number] == number for number in (*range(70), *range(180, 225)))
    assert damaged[0][0] == pytest.approx(3.0, abs=0.3)
    assert damaged[-1][1] == pytest.approx(6.0, abs=0.05), "the next key frame"


def test_leaders_differ_in_their_noise_only() -> None:
    first, second = list(leader(1)), list(leader(2))
    assert len(first) == len(second) == round(LEADER_SECONDS * FRAMES_PER_SECOND)
    differing = [number for number, pair in enumerate(zip(first, second, strict=True)) if not np.array_equal(*pair)]
    assert differing == list(range(75))
    assert max(picture.mean() for picture in first[:75]) < 20
    assert not np.array_equal(first[130], first[170]), "the countdown goes on"


def test_the_ident_moves_and_is_always_the_same() -> None:
    pictures = list(ident())
    assert pictures[0].shape == (SIZE[1], SIZE[0], 3)
    assert all(np.array_equal(*pair) for pair in zip(pictures[::50], list(ident())[::50], strict=True))
    assert np.abs(pictures[0].astype(int) - pictures[-1]).mean() > 10


def test_slides_have_one_template_and_text_of_their_own() -> None:
    pages = [slide(lecture, number) for lecture in (0, 1) for number in (0, 1)]
    for place, page in enumerate(pages):
        for other in pages[place + 1 :]:
            differs = (page != other).any(axis=2)
            assert not differs[:5].any()
            assert 0.01 < differs.mean() < 0.35


def test_packets_keep_their_heads(tmp_path: Path) -> None:
    """A decoder that finds no head finds no picture, and tells of no damage."""
    write_video(tmp_path / "a.mp4", (numbered_picture(number) for number in range(75)), FRAMES_PER_SECOND)
    wreck_middle(tmp_path / "a.mp4", tmp_path / "b.mp4")
    heads = []
    for name in ("a.mp4", "b.mp4"):
        with av.open(str(tmp_path / name)) as reader:
            heads.append([bytes(packet)[:32] for packet in reader.demux(video=0) if packet.size])
    assert heads[0] == heads[1]
