import csv
import json
from pathlib import Path

from grouping.made_overlaps import link, record
from result_factory import console

from vdup.config import DuplicatesJobConfig
from vdup.grouping.duplicates import Duplicates, JudgedGroup
from vdup.grouping.groups import group_overlaps
from vdup.grouping.keep import best_copy
from vdup.grouping.overlap import Overlap
from vdup.report.duplicate_groups import COLUMNS, MOST_GROUPS, print_groups, to_csv, to_json, write_groups

CONFIG = DuplicatesJobConfig()


def made(*overlaps: Overlap, names: str = "") -> Duplicates:
    ids = sorted({video for overlap in overlaps for video in (overlap.first, overlap.second)} | set(names))
    records = {video: record(video, (640, 360 + 60 * place)) for place, video in enumerate(ids)}
    grouping = group_overlaps(overlaps, CONFIG.nearly_all, CONFIG.strong_score, CONFIG.strong_distance_bits)
    return Duplicates(
        groups=tuple(JudgedGroup(group, best_copy(group, records, CONFIG.nearly_all)) for group in grouping.groups),
        possible=grouping.possible,
        parts=tuple(overlap for overlap in overlaps if not overlap.is_near_duplicate(CONFIG.nearly_all)),
        ruled_out=2,
        records=records,
        fingerprint="f" * 64,
    )


def printed(found: Duplicates, output: Path | None = None, width: int | None = None) -> str:
    screen, text = console() if width is None else console(terminal=True, width=width)
    print_groups(found, Path("lib"), output, screen)
    return text.getvalue()


def test_csv_has_a_line_a_member() -> None:
    found = made(link("a", "b"), link("cut", "b", shares=(1.0, 0.4)), link("cut", "a", shares=(1.0, 0.4)))
    rows = list(csv.DictReader(to_csv(found, CONFIG).splitlines()))
    assert tuple(rows[0]) == COLUMNS
    assert [row["video_id"] for row in rows] == ["a", "b", "cut"]
    assert [row["keep"] for row in rows] == ["no", "yes", "no"]
    assert [row["contained_in"] for row in rows] == ["", "", "a|b"]
    assert rows[1]["reason"].startswith("complete (1 of the others lacks a part)")
    assert (rows[0]["width"], rows[0]["seconds"], rows[0]["bits_per_second"]) == ("640", "10.000", "80000")


def test_json_tells_links_relations_and_stretches() -> None:
    document = json.loads(to_json(made(link("cut", "a", 0.97, (1.0, 0.4)), link("p", "q", 0.6, (0.3, 0.3))), CONFIG))
    [group] = document["groups"]
    assert group["keep"] == "a"
    [shared] = group["links"]
    assert (shared["relation"], shared["first_share"], shared["second_share"]) == ("contained", 1.0, 0.4)
    assert shared["shared"] == [
        {"first_seconds": [0.0, 10.0], "second_seconds": [0.0, 4.0], "score": 0.97, "distance_bits": 100.0}
    ]
    assert [pair["relation"] for pair in document["pairs_that_share_a_part"]] == ["part"]
    assert document["pairs_marked_as_not_duplicates"] == 2
    assert document["videos_compared"] == 4
    assert document["settings"]["kind"] == "DuplicatesJobConfig"


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
    assert "5 videos compared in lib: 1 group, 2 copies besides the ones to keep; 1 more pair with a part in" in text
    assert text.splitlines()[-1] == f"written to {tmp_path}"


def test_nothing_found() -> None:
    assert printed(made(names="ab")).splitlines() == [
        "2 videos compared in lib: 0 groups, 0 copies besides the ones to keep; 0 more pairs with a part in "
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
    assert (tmp_path / "g.csv").read_text() == to_csv(found, CONFIG)
    assert json.loads((tmp_path / "g.JSON").read_text())["groups"][0]["keep"] == "b"
