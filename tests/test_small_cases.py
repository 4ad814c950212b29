"""Small cases of which the right answer is plain, made and run through the commands with the model that ships."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_runner import CommandResult, run_command
from PIL import Image
from video_factory import regular_times, write_pictures

from benchmarks.duplicate_drawings import IDENT_SECONDS, SIZE, SLIDE_SECONDS, ident, slide, slides
from benchmarks.duplicate_material import wreck_middle
from examples.demo import clips_folder
from examples.footage import FRAMES_PER_SECOND, Picture, read_clip, shapes
from vdup.duplicates import main as duplicates_command
from vdup.index import main as index_command
from vdup.query import main as query_command
from vdup.video.writer import write_video

pytestmark = pytest.mark.slow

SLACK_SECONDS = 1.0
"""Ends of a stretch may be so far off: frames of the library are a second apart."""


@dataclass(frozen=True)
class Match:
    """What a query found in a library video."""

    query: str
    reference: str
    seconds: tuple[float, float, float, float]
    """Start and end in the query, start and end in the library video."""
    speed: float
    identical: bool

    def is_at(self, *seconds: float) -> bool:
        return self.seconds == pytest.approx(seconds, abs=SLACK_SECONDS)


@dataclass(frozen=True)
class Answers:
    """What the three commands say of a folder of videos."""

    indexed: CommandResult
    groups: list[set[str]]
    proposals: dict[str, str]
    damaged: dict[str, list[list[float]]]
    parts: list[dict[str, Any]]
    """Pairs that share a part only."""
    matches: list[Match]
    """Of every video as a query."""

    def found_by(self, query: str) -> list[Match]:
        return [match for match in self.matches if match.query == query]

    def found_in_others(self) -> list[Match]:
        return [match for match in self.matches if match.query != match.reference]


def answers_for(folder: Path, videos: str = "films", queries: str | None = None) -> Answers:
    """Indexes a folder, looks for duplicates in it, and searches it for its own videos or those of another folder."""
    indexed = run_command(index_command, folder, f"videos={videos}")
    assert indexed.code == 0, indexed.err
    assert run_command(duplicates_command, folder, "output=groups.json").code == 0
    done = run_command(query_command, folder, f"videos={queries or videos}", "output=found.json")
    assert done.code == 0, done.err
    found = json.loads((folder / "groups.json").read_text())
    members = [member for group in found["groups"] for member in group["members"]]
    times = ("query_start_seconds", "query_end_seconds", "reference_start_seconds", "reference_end_seconds")
    return Answers(
        indexed,
        [{member["video_id"] for member in group["members"]} for group in found["groups"]],
        {member["video_id"]: member["proposal"] for member in members},
        {member["video_id"]: member["damaged_seconds"] for member in members},
        found["pairs_that_share_a_part"],
        [
            Match(
                one["query_id"],
                one["reference_id"],
                tuple(one[name] for name in times),
                one["speed"],
                one["identical"],
            )
            for one in json.loads((folder / "found.json").read_text())["matches"]
        ],
    )


def clip(name: str, start_seconds: float, seconds: float, size: tuple[int, int] = SIZE) -> Iterator[Picture]:
    """A stretch of a real clip, of one size."""
    for picture in read_clip(clips_folder() / name, start_seconds, round(seconds * FRAMES_PER_SECOND)):
        yield np.asarray(Image.fromarray(picture).resize(size))


def drawn(seed: int, seconds: float) -> Iterator[Picture]:
    """Drawn footage that no clip has anything of."""
    for picture in shapes(seed, round(seconds * FRAMES_PER_SECOND)):
        yield np.asarray(Image.fromarray(picture).resize(SIZE))


def noise(seed: int, seconds: float, mean: float, deviation: float) -> Iterator[Picture]:
    """Grey noise, other noise for every frame and seed."""
    rng = np.random.default_rng(seed)
    for _ in range(round(seconds * FRAMES_PER_SECOND)):
        grey = rng.normal(mean, deviation, (SIZE[1], SIZE[0], 1)).clip(0, 255).astype(np.uint8)
        yield np.repeat(grey, 3, axis=2)


def films_in(folder: Path, **films: Iterator[Picture]) -> Path:
    """Writes films into a folder ``films``."""
    (folder / "films").mkdir(exist_ok=True)
    for name, pictures in films.items():
        write_video(folder / "films" / f"{name}.mp4", pictures, FRAMES_PER_SECOND)
    return folder / "films"


def body(number: int) -> Iterator[Picture]:
    """What film 1, 2 or 3 shows besides what all begin with."""
    return (drawn(7, 9), clip("bikes.mp4", 0, 9), clip("bigbuckbunny.mp4", 0, 5))[number - 1]


@pytest.fixture(scope="module")
def idents(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """Three films that begin with one ident, and the ident."""
    folder = tmp_path_factory.mktemp("idents")
    films: dict[str, Iterator[Picture]] = {f"film_{number}": chain(ident(), body(number)) for number in (1, 2, 3)}
    films_in(folder, ident=ident(), **films)
    return answers_for(folder)


FILMS = ("film_1.mp4", "film_2.mp4", "film_3.mp4")


def test_only_the_ident_may_go_and_the_films_share_a_part(idents: Answers) -> None:
    [group] = idents.groups
    assert "ident.mp4" in group
    assert len(group) == 2
    assert sorted(idents.proposals.values()) == ["keep", "remove"]
    assert idents.proposals["ident.mp4"] == "remove"
    pairs = {(part["first"], part["second"]) for part in idents.parts}
    assert pairs == {(FILMS[0], FILMS[1]), (FILMS[0], FILMS[2]), (FILMS[1], FILMS[2])}


@pytest.mark.parametrize("film", FILMS)
def test_a_film_finds_the_others_in_its_ident_only(idents: Answers, film: str) -> None:
    others = [match for match in idents.found_by(film) if match.reference != film]
    assert sorted(match.reference for match in others) == sorted({*FILMS, "ident.mp4"} - {film})
    assert all(match.is_at(0, IDENT_SECONDS, 0, IDENT_SECONDS) for match in others)


@pytest.fixture(scope="module")
def blacks(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """Three clips behind nearly black noise, two empty tapes, two pieces of snow."""
    folder = tmp_path_factory.mktemp("blacks")
    films: dict[str, Iterator[Picture]] = {
        f"tape_{number}": chain(noise(number, 6, 16, 4), body(number)) for number in (1, 2, 3)
    }
    films |= {f"empty_{number}": noise(10 + number, 10, 16, 4) for number in (1, 2)}
    films |= {f"snow_{number}": noise(20 + number, 5, 128, 60) for number in (1, 2)}
    films_in(folder, **films)
    return answers_for(folder)


def test_noise_is_a_copy_of_no_other_noise(blacks: Answers) -> None:
    assert blacks.groups == []
    assert blacks.parts == []
    assert blacks.found_in_others() == []


LECTURES = (1, 2, 3)
PAGES = 6


@pytest.fixture(scope="module")
def lectures(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """Three lectures on one template, searched for themselves and for three slides of the second."""
    folder = tmp_path_factory.mktemp("lectures")
    films = films_in(folder, **{f"lecture{number}": slides(number, PAGES) for number in LECTURES})
    shutil.copytree(films, folder / "queries")
    shown = (page for number in (2, 3, 4) for page in [slide(2, number)] * round(SLIDE_SECONDS * FRAMES_PER_SECOND))
    # Other pages before and behind, on another template.
    query = chain(drawn(3, 8), shown, drawn(4, 4))
    write_video(folder / "queries" / "part.mp4", query, FRAMES_PER_SECOND)
    return answers_for(folder, queries="queries")


def test_lectures_on_one_template_are_no_group(lectures: Answers) -> None:
    assert lectures.groups == []


@pytest.mark.parametrize("number", LECTURES)
def test_a_lecture_finds_itself_only(lectures: Answers, number: int) -> None:
    [match] = lectures.found_by(f"lecture{number}.mp4")
    assert (match.reference, match.identical) == (f"lecture{number}.mp4", True)


def test_slides_of_a_lecture_are_found_where_they_are(lectures: Answers) -> None:
    [match] = lectures.found_by("part.mp4")
    assert match.reference == "lecture2.mp4"
    assert match.is_at(8, 8 + 3 * SLIDE_SECONDS, 2 * SLIDE_SECONDS, 5 * SLIDE_SECONDS)
    assert match.speed == pytest.approx(1.0, abs=0.02)


@pytest.fixture(scope="module")
def seconds_long(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """A clip of a second, its bytes again, encoded anew, and another one."""
    folder = tmp_path_factory.mktemp("seconds")
    films = films_in(folder, a=clip("bikes.mp4", 3, 1), b=clip("bigbuckbunny.mp4", 1, 1))
    shutil.copy(films / "a.mp4", films / "a_same_bytes.mp4")
    films_in(folder, a_smaller=clip("bikes.mp4", 3, 1, (320, 180)))
    return answers_for(folder)


def test_clips_of_a_second_and_their_copies_are_a_group(seconds_long: Answers) -> None:
    assert seconds_long.groups == [{"a.mp4", "a_same_bytes.mp4", "a_smaller.mp4"}]
    assert seconds_long.proposals["a_same_bytes.mp4"] == "remove"
    assert seconds_long.proposals["a.mp4"] == "keep"


def test_clips_of_a_second_are_found(seconds_long: Answers) -> None:
    found = seconds_long.found_by("a.mp4")
    assert sorted(match.reference for match in found) == ["a.mp4", "a_same_bytes.mp4", "a_smaller.mp4"]
    assert all(match.seconds == pytest.approx((0, 1, 0, 1), abs=0.2) for match in found)
    assert [match.reference for match in seconds_long.found_by("b.mp4")] == ["b.mp4"]


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """Nine seconds at a low bitrate, and the same at a higher one with a wrecked middle."""
    folder = tmp_path_factory.mktemp("damaged")
    (folder / "films").mkdir()
    for path, crf in ((folder / "films" / "whole.mkv", 32), (folder / "before.mp4", 20)):
        options = {"preset": "veryfast", "crf": str(crf), "g": str(FRAMES_PER_SECOND)}
        write_video(path, clip("bikes.mp4", 0, 9), FRAMES_PER_SECOND, options=options)
    wreck_middle(folder / "before.mp4", folder / "films" / "damaged.mp4")
    return answers_for(folder)


def test_the_whole_file_stays_whatever_its_bitrate(damaged: Answers) -> None:
    assert damaged.groups == [{"damaged.mp4", "whole.mkv"}]
    assert damaged.proposals["whole.mkv"] == "keep"
    assert damaged.damaged["whole.mkv"] == []
    [[start, end]] = damaged.damaged["damaged.mp4"]
    assert (start, end) == pytest.approx((3.0, 6.0), abs=1.1)


def test_a_film_does_not_go_for_a_copy_in_which_a_scene_was_replaced(tmp_path: Path) -> None:
    larger = (SIZE[0] * 5 // 4, SIZE[1] * 5 // 4)
    replaced = (np.asarray(Image.fromarray(picture).resize(larger)) for picture in drawn(4, 2.5))
    parts = chain(clip("bikes.mp4", 0, 4, larger), replaced, clip("bikes.mp4", 6.5, 3.5, larger))
    films_in(tmp_path, film=clip("bikes.mp4", 0, 10), replaced=parts, copy=clip("bikes.mp4", 0, 10, larger))
    answers = answers_for(tmp_path)
    assert answers.proposals["film.mp4"] == "remove", "the copy holds all of it"
    (tmp_path / "films" / "copy.mp4").unlink()
    shutil.rmtree(tmp_path / "library")
    assert "remove" not in answers_for(tmp_path).proposals.values()


def test_a_video_of_one_pixel_is_skipped_with_a_reason(tmp_path: Path) -> None:
    films = films_in(tmp_path, film=drawn(1, 2))
    pictures = [np.full((1, 1, 3), 40 * number, np.uint8) for number in range(5)]
    write_pictures(films / "one_pixel.webm", pictures, regular_times(5, 1), codec="libvpx-vp9")
    done = run_command(index_command, tmp_path, "videos=films")
    assert done.code == 0
    assert "1 indexed, 0 unchanged, 1 skipped, 0 failed" in done.out
    assert "one_pixel.webm: its picture of 1x1 pixels is too small to tell one video from another" in done.out
