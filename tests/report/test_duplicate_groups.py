import csv
import json
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

from grouping.made_overlaps import all_present, link, record
from result_factory import console

from vdup.config import DuplicatesJobConfig
from vdup.grouping.duplicates import Duplicates, JudgedGroup, containment_rule
from vdup.grouping.files import FileLook, FileState
from vdup.grouping.groups import group_overlaps
from vdup.grouping.overlap import Overlap
from vdup.grouping.proposals import propose
from vdup.report.duplicate_groups import COLUMNS, MOST_GROUPS, print_groups, to_csv, to_json, write_groups

CONFIG = DuplicatesJobConfig()


def made(*overlaps: Overlap, names: str = "", files: Mapping[str, FileLook] | None = None) -> Duplicates:
    ids = sorted({video for overlap in overlaps for video in (overlap.first, overlap.second)} | set(names))
    records = {video: record(video, (640, 360 + 60 * place)) for place, video in enumerate(ids)}
    grouping = group_overlaps(overlaps, CONFIG.nearly_all, CONFIG.strong_score, CONFIG.strong_distance_bits)
    looks = all_present(ids) | dict(files or {})
    proposals = propose(
        grouping.groups, grouping.holders, records, looks, {}, containment_rule(CONFIG), CONFIG.nearly_all
    )
    return Duplicates(
        groups=tuple(map(JudgedGroup, grouping.groups, proposals)),
        holders=grouping.holders,
        possible=grouping.possible,
        parts=tuple(overlap for overlap in overlaps if not overlap.is_near_duplicate(CONFIG.nearly_all)),
        ruled_out=2,
        records=records,
        damaged={ids[0]: ((1.0, 2.5),)} if ids else {},
        fingerprint="f" * 64,
    )


def all_kinds() -> Duplicates:
    """A copy that is kept, one to go, one that may lack something, a link, and a file that is gone."""
    overlaps = [link(first, second) for first, second in combinations(("best", "copy", "gone", "link"), 2)]
    return made(
        *overlaps,
        link("a longer cut", "best", shares=(0.85, 1.0)),
        files={
            "link": FileLook(FileState.present, identity=(1, 1), is_symlink=True),
            "gone": FileLook(FileState.gone, "the file is gone"),
        },
    )


def printed(found: Duplicates, output: Path | None = None, width: int | None = None) -> str:
    screen, text = console() if width is None else console(terminal=True, width=width)
    print_groups(found, Path("lib"), output, screen)
    return text.getvalue()


def test_csv_has_a_line_a_member() -> None:
    found = made(link("a", "b"), link("cut", "b", shares=(1.0, 0.4)), link("cut", "a", shares=(1.0, 0.4)))
    rows = list(csv.DictReader(to_csv(found).splitlines()))
    assert tuple(rows[0]) == COLUMNS
    assert [row["video_id"] for row in rows] == ["a", "b", "cut"]
    assert [row["proposal"] for row in rows] == ["remove", "keep", "remove"]
    assert [row["contained_in"] for row in rows] == ["b", "a", "a|b"]
    assert rows[0]["reason"] == "b contains all of it (100% matched)"
    assert rows[1]["reason"].startswith("complete (1 of the others lacks a part)")
    assert (rows[0]["width"], rows[0]["seconds"], rows[0]["bits_per_second"]) == ("640", "10.000", "80000")


def test_csv_names_parts_shares_and_damage() -> None:
    rows = list(csv.DictReader(to_csv(made(link("a", "b"), link("b", "p", shares=(0.3, 0.2)))).splitlines()))
    assert [(row["group"], row["video_id"], row["proposal"]) for row in rows] == [
        ("1", "a", "remove"),
        ("1", "b", "keep"),
        ("", "p", "keep"),
    ]
    assert [row["shares_a_part_with"] for row in rows] == ["", "p", "b"]
    assert [row["share_matched"] for row in rows] == ["1.0000", "", ""]
    assert [row["damaged_seconds"] for row in rows] == ["1.000-2.500", "", ""]
    assert rows[2]["reason"] == "shares a part with others; none holds all of it"


def test_what_others_hold_too_is_told_everywhere() -> None:
    found = made(*(link("ident", f"film {number}", 0.96 + number / 100, shares=(1.0, 0.3)) for number in range(3)))
    assert "ident is in 2 videos outside its group too: film 0, film 1\n" in printed(found)
    [first, *_] = [row for row in csv.DictReader(to_csv(found).splitlines()) if row["video_id"] == "ident"]
    assert first["contained_in"] == "film 0|film 1|film 2"
    document = json.loads(to_json(found, CONFIG))
    assert [pair["second"] for pair in document["links_to_holders_in_other_groups"]] == ["film 1", "film 0"]


def test_json_tells_links_relations_and_stretches() -> None:
    document = json.loads(to_json(made(link("cut", "a", 0.97, (1.0, 0.4)), link("p", "q", 0.6, (0.3, 0.3))), CONFIG))
    [group] = document["groups"]
    assert (group["keep"], group["remove"], group["gone"]) == (["a"], ["cut"], [])
    [shared] = group["links"]
    assert (shared["relation"], shared["first_share"], shared["second_share"]) == ("contained", 1.0, 0.4)
    assert shared["shared"] == [
        {"first_seconds": [0.0, 10.0], "second_seconds": [0.0, 10.0], "score": 0.97, "distance_bits": 100.0}
    ]
    assert [pair["relation"] for pair in document["pairs_that_share_a_part"]] == ["part"]
    assert document["pairs_marked_as_not_duplicates"] == 2
    assert document["videos_compared"] == 4
    assert document["settings"]["kind"] == "DuplicatesJobConfig"


def test_screen_csv_and_json_propose_the_same(tmp_path: Path) -> None:
    found = all_kinds()
    expected = {
        "a longer cut": ("keep", "no other file is known to contain all of it"),
        "best": ("remove", "copy contains all of it (100% matched)"),
        "copy": ("keep", "most pixels (640x480)"),
        "gone": ("gone", "the file is gone"),
        "link": ("link", "a link: another name of the file of best"),
    }
    rows = csv.DictReader(to_csv(found).splitlines())
    assert {row["video_id"]: (row["proposal"], row["reason"]) for row in rows} == expected
    document = json.loads(to_json(found, CONFIG))
    assert document["schema_version"] == 2
    [group] = document["groups"]
    assert {item["video_id"]: (item["proposal"], item["reason"]) for item in group["members"]} == expected
    lists = {
        action: [name for name, (of, _) in expected.items() if of == action]
        for action in ("keep", "remove", "link", "gone", "changed", "unusable")
    }
    assert {action: group[action] for action in lists} == lists
    text = printed(found)
    for name, (action, reason) in expected.items():
        [line] = [line for line in text.splitlines() if line.startswith(f"1      {name} ")]
        assert line.rstrip().endswith(f"{action}: {reason}")
    assert "1 group, 1 file proposed for removal, 1 only a link to another, 1 gone;" in text


def test_what_holds_a_group_together_is_told() -> None:
    text = printed(made(link("a", "b"), link("b", "c", 0.6)))
    assert "group 1: c is here by one link of score 0.60, 100 bits apart: b and c" in text
    assert "group 1: a and c are here only by way of b" in text


def test_a_link_that_did_not_join_is_told() -> None:
    text = printed(made(link("a", "b"), link("x", "y"), link("b", "x", 0.7)))
    assert "possibly joined, score 0.70, 100 bits apart: b and x" in text


def test_many_notes_are_counted() -> None:
    text = printed(made(*(link("film", f"v{number:02d}", shares=(0.1, 1.0)) for number in range(6))))
    assert text.count("only by way of film") == 5
    assert "+10 more such notes" in text


def test_the_last_lines_sum_up(tmp_path: Path) -> None:
    text = printed(made(link("a", "b"), link("b", "c"), link("a", "c"), link("p", "q", shares=(0.5, 0.5))), tmp_path)
    assert "5 videos compared in lib: 1 group, 2 files proposed for removal; 1 more pair with a part in" in text
    assert text.splitlines()[-1] == f"written to {tmp_path}"


def test_nothing_found() -> None:
    assert printed(made(names="ab")).splitlines() == [
        "2 videos compared in lib: 0 groups, 0 files proposed for removal; 0 more pairs with a part in "
        "common; 2 pairs marked as no duplicates"
    ]


def test_a_terminal_shows_the_first_groups_only() -> None:
    found = made(*(link(f"a{number:03d}", f"b{number:03d}") for number in range(MOST_GROUPS + 3)))
    assert "+3 more groups" in printed(found, width=120)
    assert "more groups" not in printed(found)


def test_names_cannot_steer_the_terminal() -> None:
    assert "\x1b" not in printed(made(link("a\x1b[31m", "b\x1b[0m", 0.6)))


def test_the_suffix_chooses_the_form(tmp_path: Path) -> None:
    found = made(link("a", "b"))
    write_groups(tmp_path / "g.csv", found, CONFIG)
    write_groups(tmp_path / "g.JSON", found, CONFIG)
    assert (tmp_path / "g.csv").read_text() == to_csv(found)
    assert json.loads((tmp_path / "g.JSON").read_text())["groups"][0]["keep"] == ["b"]


def test_shared_parts_are_named() -> None:
    parts = [link("a", f"film {number}", shares=(0.3, 0.2)) for number in range(6)]
    text = printed(made(*parts, link("b", "c", shares=(0.6, 0.5))))
    lines = [line for line in text.splitlines() if line.startswith("a part in common")]
    assert len(lines) == 5
    assert lines[0] == "a part in common, neither holds the other: b 0:00:00.0 - 0:00:06.0 and c 0:00:00.0 - 0:00:06.0"
    assert "+2 more such pairs; output=FILE.json names all of them" in text
