from collections.abc import Iterator

import pytest
from pipeline.workshop import Workshop

from vdup.config import DuplicatesJobConfig
from vdup.errors import ConfigError, LibraryError
from vdup.grouping.duplicates import Duplicates, find_duplicates, mark
from vdup.grouping.proposals import Action
from vdup.pipeline.library import Library


@pytest.fixture
def library(workshop: Workshop) -> Iterator[Library]:
    """Two copies of one film, a cut one, two of another, and one that is like none."""
    with workshop.open() as opened:
        opened.index_all(
            [
                workshop.film("a", (1, 0, 30)),
                workshop.film("b", (1, 0, 30), (2, 0, 4)),
                workshop.film("cut", (1, 6, 14)),
                workshop.film("x", (5, 0, 20)),
                workshop.film("y", (5, 0, 20), (6, 0, 3)),
                workshop.film("stranger", (9, 0, 20)),
            ]
        )
        yield opened


def settings(workshop: Workshop) -> DuplicatesJobConfig:
    return DuplicatesJobConfig(library=workshop.library, matcher=workshop.matcher())


def members(found: Duplicates) -> list[tuple[str, ...]]:
    return [judged.group.members for judged in found.groups]


def test_groups_and_what_to_keep(workshop: Workshop, library: Library) -> None:
    found = find_duplicates(library, settings(workshop))
    assert members(found) == [("a", "b", "cut"), ("x", "y")]
    assert [judged.members(Action.keep) for judged in found.groups] == [["b"], ["y"]]
    assert [judged.members(Action.remove) for judged in found.groups] == [["a", "cut"], ["x"]]
    assert found.groups[0].proposals["b"].reason == "complete (1 of the others lacks a part), longest (34.0 s)"
    assert found.ruled_out == 0
    assert "stranger" in found.records


def test_files_of_the_same_bytes_are_one_group_whatever_they_show(workshop: Workshop) -> None:
    """Nothing can be found in a minute of black behind a second of pictures."""
    parts = ((1, 0, 1), (None, 0, 60))
    films = [workshop.film(name, *parts) for name in ("first", "second")]
    with workshop.open() as library:
        library.index_all([*films, workshop.film("other", (2, 0, 1), (None, 0, 60))])
        found = find_duplicates(library, settings(workshop))
    assert proposed(found) == {"first": "keep", "second": "remove"}
    assert found.groups[0].proposals["second"].reason == "first contains all of it (100% matched)"


def proposed(found: Duplicates) -> dict[str, str]:
    return {video: item.action.value for judged in found.groups for video, item in judged.proposals.items()}


def test_files_that_are_gone_are_not_kept_and_nothing_goes_for_them(workshop: Workshop, library: Library) -> None:
    (workshop.folder / "b").unlink()
    (workshop.folder / "y").write_text("another film")
    found = find_duplicates(library, settings(workshop))
    assert proposed(found) == {"a": "keep", "b": "gone", "cut": "remove", "x": "keep", "y": "changed"}


def test_films_that_begin_with_the_same_ident_all_stay(workshop: Workshop) -> None:
    ident = (1, 0, 12)
    with workshop.open() as library:
        library.index_all(
            [
                workshop.film("ident", ident),
                workshop.film("film 1", ident, (2, 0, 24)),
                workshop.film("film 2", ident, (3, 0, 28)),
            ]
        )
        found = find_duplicates(library, settings(workshop))
    [judged] = found.groups
    [holder] = found.holders
    films = {"film 1", "film 2"}
    assert set(judged.group.members) == {"ident", *(films - {holder.first, holder.second})}, "films are no group"
    assert set(proposed(found)) - {"ident"} < films
    assert proposed(found)["ident"] == "remove"
    assert judged.proposals["ident"].contained_in == ("film 1", "film 2")
    assert [{part.first, part.second} for part in found.parts] == [films]


def test_links_are_no_copies(workshop: Workshop, library: Library) -> None:
    hard, soft = workshop.folder / "hard", workshop.folder / "a soft link"
    hard.hardlink_to(workshop.folder / "x")
    soft.symlink_to(hard)
    library.index_all([("hard", hard), ("a soft link", soft)])
    library.remove(["y"])
    found = find_duplicates(library, settings(workshop))
    assert found.groups[1].members(Action.keep) == ["hard"]
    assert found.groups[1].members(Action.link) == ["a soft link", "x"]


def test_marked_pairs_are_left_out_and_come_back(workshop: Workshop, library: Library) -> None:
    mark(library, ["x", "y"], [])
    found = find_duplicates(library, settings(workshop))
    assert members(found) == [("a", "b", "cut")]
    assert found.ruled_out == 1
    mark(library, [], ["y", "x"])
    assert members(find_duplicates(library, settings(workshop)))[1] == ("x", "y")


def test_marks_hold_for_every_pair_of_a_list(workshop: Workshop, library: Library) -> None:
    mark(library, ["a", "b", "cut"], [])
    found = find_duplicates(library, settings(workshop))
    assert members(found) == [("x", "y")]
    assert found.ruled_out == 3


def test_marks_are_by_content(workshop: Workshop, library: Library) -> None:
    mark(library, ["x", "y"], [])
    library.remove(["y"])
    library.index_all([workshop.film("y under another name", (5, 0, 20), (6, 0, 3))])
    assert members(find_duplicates(library, settings(workshop))) == [("a", "b", "cut")]


def test_an_unknown_id_is_refused_and_nothing_is_marked(workshop: Workshop, library: Library) -> None:
    with pytest.raises(LibraryError, match="no video nobody"):
        mark(library, ["x", "nobody"], [])
    assert find_duplicates(library, settings(workshop)).ruled_out == 0


@pytest.mark.parametrize("name", ["not_duplicates", "duplicates_after_all"])
@pytest.mark.parametrize("ids", [["a"], ["a", "a"]])
def test_one_video_is_no_pair(name: str, ids: list[str]) -> None:
    with pytest.raises(ConfigError, match="two or more"):
        DuplicatesJobConfig(**{name: ids})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nearly_all", 0.5),
        ("nearly_all", 1.1),
        ("strong_score", -0.1),
        ("min_share", 0.5),
        ("min_share", 1.1),
        ("slack_seconds", -0.1),
        ("slack_seconds", 11),
        ("max_missing_seconds", -1),
    ],
)
def test_settings_out_of_range(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match=name):
        DuplicatesJobConfig(**{name: value})  # type: ignore[arg-type]


def test_a_film_with_a_scene_replaced_does_not_contain_the_film(workshop: Workshop) -> None:
    """The line is followed past what does not agree, to where both go on."""
    with workshop.open() as library:
        library.index_all(
            [
                workshop.film("film", (1, 0, 30)),
                workshop.film("longer, replaced", (1, 0, 12), (2, 0, 3), (1, 15, 15), (3, 0, 4)),
            ]
        )
        found = find_duplicates(library, settings(workshop))
    assert "remove" not in proposed(found).values()
