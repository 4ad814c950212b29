import itertools
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import pytest
from grouping.made_overlaps import all_present, link, record

from vdup.catalogue.records import VideoRecord
from vdup.grouping.containment import ContainmentRule
from vdup.grouping.files import FileLook, FileState
from vdup.grouping.groups import group_overlaps
from vdup.grouping.overlap import Overlap, Shared, overlap_of
from vdup.grouping.proposals import Action, Proposal, propose
from vdup.types import Intervals

RULE = ContainmentRule(
    min_share=0.95, slack_seconds=0.5, max_missing_seconds=2.0, strong_score=0.95, strong_distance_bits=280.0
)
NEARLY_ALL = 0.8


def judged(
    overlaps: Iterable[Overlap],
    records: Iterable[VideoRecord],
    files: Mapping[str, FileLook] | None = None,
    damaged: Mapping[str, Intervals] | None = None,
) -> dict[str, Proposal]:
    """Proposals of all groups."""
    by_id = {item.id: item for item in records}
    grouping = group_overlaps(list(overlaps), NEARLY_ALL, RULE.strong_score, RULE.strong_distance_bits)
    looks = all_present(by_id) | dict(files or {})
    return {
        video: proposal
        for found in propose(grouping.groups, grouping.holders, by_id, looks, damaged or {}, RULE, NEARLY_ALL)
        for video, proposal in found.items()
    }


def actions(proposals: Mapping[str, Proposal]) -> dict[str, str]:
    return {video: proposal.action.value for video, proposal in proposals.items()}


def test_the_copies_of_the_best_may_go() -> None:
    found = judged(
        [link("a", "b"), link("b", "c"), link("a", "c")], [record("a"), record("b", (1280, 720)), record("c")]
    )
    assert found == {
        "a": Proposal(Action.remove, "b contains all of it (100% matched)", ("b", "c"), 1.0),
        "b": Proposal(Action.keep, "most pixels (1280x720)", ("a", "c")),
        "c": Proposal(Action.remove, "b contains all of it (100% matched)", ("a", "b"), 1.0),
    }


def test_the_share_that_was_matched_is_told() -> None:
    found = judged([link("a", "b", shares=(0.97, 0.97))], [record("a"), record("b", (1280, 720))])
    assert found["a"].reason == "b contains all of it (97% matched)"
    assert (found["a"].share, found["b"].share) == (0.97, None)
    same = [replace(record(name), content_hash="same") for name in "ab"]
    assert judged([link("a", "b", shares=(0.9, 0.9))], same)["b"].share == 1.0, "the same bytes are all of it"


def test_a_damaged_file_never_stays_in_place_of_a_whole_one() -> None:
    damage = {"damaged": ((3.0, 6.0),)}
    alike = judged([link("damaged", "whole")], [record("damaged", size_bytes=900_000), record("whole")], None, damage)
    assert actions(alike) == {"damaged": "remove", "whole": "keep"}
    assert alike["damaged"].reason == "whole contains all of it (100% matched, damaged from 3.0 to 6.0 s)"
    assert alike["whole"].reason == "whole, while damaged is damaged from 3.0 to 6.0 s"
    larger = judged([link("damaged", "whole")], [record("damaged", (1280, 720)), record("whole")], None, damage)
    assert actions(larger) == {"damaged": "keep", "whole": "keep"}, "the whole one shows less"
    assert larger["damaged"].reason.endswith("damaged from 3.0 to 6.0 s, though whole contains all of it")


def test_what_is_whole_does_not_go_for_a_longer_file_that_is_damaged() -> None:
    overlap = overlap_of("damaged", "whole", 20.0, 10.0, [Shared((5.0, 15.0), (0.0, 10.0), 0.99, 94.0)])
    records = [record("damaged", seconds=20.0), record("whole")]
    assert actions(judged([overlap], records))["whole"] == "remove"
    assert actions(judged([overlap], records, None, {"damaged": ((3.0, 3.5),)})) == {"damaged": "keep", "whole": "keep"}


def test_films_that_share_an_ident_all_stay() -> None:
    """The ident is whole in each of them, and that is all they share."""
    films = {"film 1": 32.0, "film 2": 38.0, "film 3": 42.0}
    stretch = Shared((0.0, 11.75), (0.25, 11.2), 0.99, 94.0)
    overlaps = [overlap_of("ident", film, 12.0, seconds, [stretch]) for film, seconds in films.items()]
    records = [record("ident", seconds=12.0), *(record(film, seconds=seconds) for film, seconds in films.items())]
    found = judged(overlaps, records)
    assert actions(found) == {"film 1": "keep", "ident": "remove"}, "the others are in no group"
    assert found["film 1"].reason == "complete (1 of the others lacks a part)"
    assert found["ident"].contained_in == ("film 1", "film 2", "film 3")


def test_what_is_in_a_file_that_goes_stays_unless_it_is_in_one_that_stays() -> None:
    found = judged([link("a", "b"), link("b", "c")], [record("a"), record("b", (800, 600)), record("c", (1280, 720))])
    assert actions(found) == {"a": "keep", "b": "remove", "c": "keep"}
    assert found["b"].reason == "c contains all of it (100% matched)"


def test_a_compilation_does_not_go_for_the_clips_that_it_holds() -> None:
    clips = [link("first", "both", shares=(1.0, 0.5)), link("second", "both", shares=(1.0, 0.5))]
    found = judged(clips, [record("first", (1280, 720)), record("second", (1280, 720)), record("both", seconds=20.0)])
    assert actions(found) == {"both": "keep", "first": "remove", "second": "remove"}


def test_what_lacks_a_scene_does_not_replace_the_whole() -> None:
    """That much is enough for a group, not for a deletion."""
    found = judged([link("whole", "cut", shares=(0.85, 1.0))], [record("whole"), record("cut", (1280, 720), 8.5)])
    assert actions(found) == {"cut": "keep", "whole": "keep"}
    assert found["whole"].reason == "no other file is known to contain all of it"
    assert found["cut"].reason == "most pixels (1280x720), though whole contains all of it"


@pytest.mark.parametrize(("score", "distance_bits"), [(0.9, 100.0), (0.99, 300.0)])
def test_a_weak_link_proposes_nothing(score: float, distance_bits: float) -> None:
    links = [link("a", "b", score, distance_bits=distance_bits), link("b", "c")]
    found = judged(links, [record("a"), record("b"), record("c", (320, 180))])
    assert actions(found) == {"a": "keep", "b": "keep", "c": "remove"}


def test_the_same_bytes_need_no_matches() -> None:
    twins = [record("a"), record("b")]
    found = judged(
        [link("a", "b", shares=(0.85, 0.85))], [VideoRecord(**vars(one) | {"content_hash": "h"}) for one in twins]
    )
    assert actions(found) == {"a": "keep", "b": "remove"}
    assert found["a"].reason == "all are alike; the first by name"


@pytest.mark.parametrize("state", [FileState.gone, FileState.changed, FileState.unusable])
def test_a_file_that_is_not_there_is_neither_kept_nor_proposed(state: FileState) -> None:
    lost = FileLook(state, "no more")
    found = judged([link("a", "b")], [record("a"), record("b", (1280, 720))], {"b": lost})
    assert found["b"] == Proposal(Action[state.value], "no more")
    assert found["a"] == Proposal(Action.keep, "the only file of the group that can be kept")
    found = judged(
        [link("a", "b"), link("a", "c"), link("b", "c")],
        [record("a"), record("b", (1280, 720)), record("c", (800, 600))],
        {"b": lost},
    )
    assert actions(found) == {"a": "remove", "b": state.value, "c": "keep"}
    assert found["a"].contained_in == ("c",)


def test_a_copy_of_a_file_that_is_gone_stays() -> None:
    """Both clips are whole in the film, of which nothing is left."""
    clips = [link("first", "film", shares=(1.0, 0.5)), link("second", "film", shares=(1.0, 0.5))]
    records = [record("first"), record("second"), record("film", seconds=20.0)]
    found = judged(clips, records, {"film": FileLook(FileState.gone, "the file is gone")})
    assert actions(found) == {"film": "gone", "first": "keep", "second": "keep"}
    assert found["first"].reason == "no other file is known to contain all of it"


def test_links_are_no_copies() -> None:
    files = {
        "film": FileLook(FileState.present, identity=(1, 7)),
        "again": FileLook(FileState.present, identity=(1, 7), is_symlink=True),
    }
    found = judged([link("again", "film")], [record("film"), record("again")], files)
    assert found["again"] == Proposal(Action.link, "a link: another name of the file of film")
    assert found["film"] == Proposal(Action.keep, "the only file of the group that can be kept")


def test_a_copy_of_a_link_is_a_copy_of_its_file() -> None:
    """The link alone was found to hold the cut; what may go for it is kept under its file's own name."""
    files = {
        "film": FileLook(FileState.present, identity=(1, 7)),
        "again": FileLook(FileState.present, identity=(1, 7), is_symlink=True),
    }
    overlaps = [link("again", "film"), link("cut", "again", shares=(1.0, 0.6))]
    found = judged(overlaps, [record("film"), record("again"), record("cut", (1280, 720), 6.0)], files)
    assert actions(found) == {"again": "link", "cut": "remove", "film": "keep"}
    assert found["cut"] == Proposal(Action.remove, "film contains all of it (100% matched)", ("film",), 1.0)


def test_a_file_with_names_in_two_groups_stays_or_goes_once() -> None:
    """``x`` and ``y`` are one file; in the first group it may go, so it must not stay for ``b`` in the second."""
    one = FileLook(FileState.present, identity=(1, 7))
    found = judged(
        [link("a", "x"), link("b", "y")],
        [record("a", (1280, 720)), record("x"), record("b", (320, 180)), record("y")],
        {"x": one, "y": one},
    )
    assert actions(found) == {"a": "keep", "x": "remove", "b": "keep", "y": "link"}


@pytest.mark.parametrize("seed", range(60))
def test_whatever_goes_is_whole_in_one_file_that_stays(seed: int) -> None:
    """Anything may be linked, gone, changed, of any quality: what is promised about deletions holds."""
    rng = np.random.default_rng(seed)
    names = [f"v{number}" for number in range(9)]
    seconds = dict(zip(names, rng.choice([10.0, 10.4, 11.0, 14.0], 9).tolist(), strict=True))
    overlaps = []
    for a, b in itertools.combinations(names, 2):
        if rng.random() < 0.5:
            both = (0.0, min(seconds[a], seconds[b]) - float(rng.choice([0.0, 0.8, 3.0])))
            stretch = Shared(both, both, float(rng.choice([0.6, 0.99])), 100.0)
            overlaps.append(overlap_of(a, b, seconds[a], seconds[b], [stretch]))
    records = [
        record(name, (int(rng.integers(1, 4)) * 320, 360), seconds[name], int(rng.integers(1, 9))) for name in names
    ]
    choices = [FileState.present] * 4 + [FileState.gone, FileState.changed]
    states = [choices[place] for place in rng.integers(0, 6, 9)]
    files = {
        name: FileLook(state, identity=(1, int(rng.integers(0, 7)))) for name, state in zip(names, states, strict=True)
    }
    found = judged(overlaps, records, files)
    # Half a second of the end may be missed, and then a twentieth of the length.
    whole = {
        (inner, outer)
        for one in overlaps
        for inner, outer in ((one.first, one.second), (one.second, one.first))
        if one.score >= 0.95 and one.shared[0].first_seconds[1] + 0.5 >= 0.95 * seconds[inner]
    }
    staying = {files[name].identity for name, proposal in found.items() if proposal.action is Action.keep}
    for name, proposal in found.items():
        present = files[name].state is FileState.present
        assert present == (proposal.action in (Action.keep, Action.remove, Action.link))
        same = {other for other in found if files[other].identity == files[name].identity}
        if proposal.action is Action.remove:
            assert files[name].identity not in staying
            assert any(
                (inner, outer) in whole and files[outer].state is FileState.present
                for inner in same
                for outer in names
                if files[outer].identity in staying
            )
            assert all(files[other].state is FileState.present for other in proposal.contained_in)
