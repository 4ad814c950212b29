from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pipeline.workshop import Workshop, picture

from vdup.align.calibration import save_calibration
from vdup.align.false_alarms import FalseAlarms
from vdup.errors import ConfigError
from vdup.grouping import self_join
from vdup.grouping.overlap import Overlap, Relation, Shared
from vdup.grouping.self_join import join_library, stored_track
from vdup.types import VideoCodes

_FOUND = self_join._found


def by_pair(overlaps: list[Overlap]) -> dict[tuple[str, str], Overlap]:
    return {(overlap.first, overlap.second): overlap for overlap in overlaps}


def _watch(monkeypatch: pytest.MonkeyPatch, searched: list[str]) -> None:
    """Writes down for which videos is searched from now on."""

    def watched(*given: Any) -> dict[int, list[Shared]]:
        searched.append(given[1].id)
        return _FOUND(*given)

    monkeypatch.setattr(self_join, "_found", watched)


def test_runs_become_frames_again(workshop: Workshop) -> None:
    codes = VideoCodes(
        codes=np.arange(3 * 128, dtype=np.uint8).reshape(3, 128),
        starts_seconds=np.array([0.0, 1.0, 5.0]),
        ends_seconds=np.array([0.0, 4.0, 6.0]),
        searchable=np.array([True, False, True]),
        duration_seconds=7.0,
    )
    track = stored_track(codes, workshop.calibration(), 1.0)
    assert track.times_seconds.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    rows = [0, 1, 1, 1, 1, 2, 2]
    assert np.array_equal(track.codes, codes.codes[rows])
    assert track.searchable.tolist() == [codes.searchable[row] for row in rows]
    background = workshop.calibration().background(codes.codes)
    assert track.backgrounds.tolist() == [background[row] for row in rows]


def test_frames_of_half_seconds(workshop: Workshop) -> None:
    codes = VideoCodes(np.zeros((2, 128), np.uint8), np.array([0.0, 2.0]), np.array([1.5, 2.0]), np.ones(2, bool), 2.5)
    assert stored_track(codes, workshop.calibration(), 0.5).times_seconds.tolist() == [0.0, 0.5, 1.0, 1.5, 2.0]


def test_frames_that_are_shown_twice(workshop: Workshop) -> None:
    codes = VideoCodes(
        codes=np.arange(2 * 128, dtype=np.uint8).reshape(2, 128),
        starts_seconds=np.array([0.0, 2.0]),
        ends_seconds=np.array([1.0, 2.0]),
        searchable=np.array([True, False]),
        duration_seconds=3.0,
    )
    track = stored_track(codes, workshop.calibration(), 1.0, shown=2)
    assert track.times_seconds.tolist() == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]
    assert np.array_equal(track.codes, codes.codes[[0, 0, 0, 0, 1, 1]])
    assert track.searchable.tolist() == [True] * 4 + [False] * 2


def test_times_increase_where_the_frame_rate_varies(workshop: Workshop) -> None:
    starts = np.array([0.0, 0.9, 1.1, 2.0])
    codes = VideoCodes(np.zeros((4, 128), np.uint8), starts, starts, np.ones(4, bool), 3.0)
    track = stored_track(codes, workshop.calibration(), 1.0, shown=2)
    assert track.times_seconds == pytest.approx([0.0, 0.45, 0.9, 1.0, 1.1, 1.55, 2.0, 2.5])


def test_pairs_of_a_library(workshop: Workshop) -> None:
    films = [
        workshop.film("whole", (1, 0, 30)),
        workshop.film("again", (1, 0, 30)),
        workshop.film("cut", (1, 6, 14)),
        workshop.film("mixed", (2, 0, 20), (1, 10, 10)),
        workshop.film("stranger", (3, 0, 30)),
        workshop.film("blank", (None, 0, 10)),
    ]
    with workshop.open() as library:
        library.index_all(films)
        workshop.take_decoded()
        steps: list[tuple[int, int]] = []
        overlaps = by_pair(join_library(library, workshop.matcher(), lambda done, of: steps.append((done, of))))
        assert workshop.take_decoded() == []
    relations = {frozenset(pair): overlap.relation(0.8) for pair, overlap in overlaps.items()}
    assert relations.pop(frozenset(("whole", "again"))) is Relation.same
    assert {frozenset(("whole", "cut")), frozenset(("again", "cut"))} <= relations.keys()
    assert relations[frozenset(("whole", "mixed"))] is Relation.part
    assert not any("stranger" in pair or "blank" in pair for pair in relations)
    held = next(overlap for pair, overlap in overlaps.items() if set(pair) == {"whole", "cut"})
    share_of_cut = held.first_share if held.first == "cut" else held.second_share
    assert share_of_cut > 0.8
    assert steps[-1][0] == steps[-1][1]
    assert [done for done, _ in steps] == list(range(1, len(steps) + 1))


def test_stretches_that_show_nearly_nothing_are_left_out(workshop: Workshop) -> None:
    """Footage 7 is dark noise, near to the background codes; films that begin with it share no more than that."""
    noise = workshop.encoder.encode(np.stack([picture(7, second) for second in range(12)]))
    flips = np.packbits(np.random.default_rng(3).random((10, 1, 1024)) < 0.22, axis=-1)
    near = np.concatenate([workshop.calibration().background_codes, *(noise ^ flips)])
    matcher = workshop.matcher()
    assert matcher.calibration is not None
    save_calibration(matcher.calibration, replace(workshop.calibration(), background_codes=near))
    with workshop.open() as library:
        library.index_all(
            [
                workshop.film("leader", (7, 0, 12)),
                workshop.film("another leader", (7, 0, 12)),
                workshop.film("film", (7, 0, 8), (1, 0, 20)),
                workshop.film("copy", (7, 0, 8), (1, 0, 20)),
                workshop.film("other film", (7, 0, 8), (2, 0, 20)),
            ]
        )
        [overlap] = join_library(library, matcher)
    assert (overlap.first, overlap.second) == ("film", "copy")
    assert overlap.first_share > 0.9


def test_an_interrupted_join_goes_on(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[str] = []

    def interrupted(*given: Any) -> dict[int, list[Shared]]:
        if len(searched) == 2:
            raise KeyboardInterrupt
        searched.append(given[1].id)
        return _FOUND(*given)

    films = [workshop.film(f"film {number}", (number // 2, 0, 12)) for number in range(4)]
    matcher = workshop.matcher()
    with workshop.open() as library:
        library.index_all(films)
        whole = join_library(library, matcher)
        (library.folder.path / "self-join.jsonl").unlink()
        monkeypatch.setattr(self_join, "_found", interrupted)
        with pytest.raises(KeyboardInterrupt):
            join_library(library, matcher)
        assert len(searched) == 2
        rest: list[str] = []
        _watch(monkeypatch, rest)
        assert join_library(library, matcher) == whole
    assert sorted(searched + rest) == [f"film {number}" for number in range(4)]


def test_only_new_videos_are_searched_for_and_removed_ones_forgotten(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    matcher = workshop.matcher()
    searched: list[str] = []
    with workshop.open() as library:
        library.index_all([workshop.film("old", (1, 0, 20)), workshop.film("other", (2, 0, 20))])
        assert join_library(library, matcher) == []
        _watch(monkeypatch, searched)
        library.index_all([workshop.film("new", (1, 0, 20))])
        [overlap] = join_library(library, matcher)
        assert {overlap.first, overlap.second} == {"old", "new"}
        assert searched == ["new"]
        library.remove(["old"])
        assert join_library(library, matcher) == []


def test_other_settings_search_anew(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[str] = []
    _watch(monkeypatch, searched)
    with workshop.open() as library:
        library.index_all([workshop.film("film", (1, 0, 8))])
        join_library(library, workshop.matcher())
        join_library(library, workshop.matcher())
        join_library(library, workshop.matcher(threshold=0.9))
    assert searched == ["film", "film"]


def test_false_alarms_count_for_queries_only(workshop: Workshop) -> None:
    with workshop.open() as library:
        library.index_all(workshop.films(2))
        with pytest.raises(ConfigError, match=r"matcher\.false_alarms=0\.1: it counts for queries"):
            join_library(library, workshop.matcher(false_alarms=0.1))


def test_scores_stay_those_of_the_calibration_as_a_library_grows(workshop: Workshop) -> None:
    config = workshop.matcher(threshold=0.1)
    assert config.calibration is not None
    with workshop.open() as library:
        library.index_all([*workshop.films(3, 20.0), workshop.film("longer", (1, 0, 20), (9, 0, 5))])
        before = join_library(library, config)
        fitted = FalseAlarms(3.0, 0.9, 0.5, 0.6, fitted_hours=1e-9)
        save_calibration(config.calibration, replace(workshop.calibration(), false_alarms=fitted))
        assert join_library(library, config) == before != []
