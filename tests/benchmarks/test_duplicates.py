from pathlib import Path

import pytest
from video_factory import regular_times, write_numbered

from benchmarks.duplicates import Comparison, Removals, compare, count_removals, main, plant
from vdup.errors import ConfigError


def groups(*names: str) -> list[frozenset[str]]:
    return [frozenset(name) for name in names]


def test_all_found() -> None:
    assert compare(groups("abc", "def"), groups("def", "abc")) == Comparison(2, 2, 6, 6, 0, 0, 0)


def test_a_missing_member_a_stranger_and_a_group_of_others() -> None:
    found = compare(groups("abc", "def"), groups("ab", "defx", "yz"))
    assert found == Comparison(
        planted=2, whole=0, pairs=6, pairs_found=4, false_pairs=3, false_groups=1, other_groups=1
    )


def test_two_planted_groups_in_one() -> None:
    found = compare(groups("ab", "cd"), groups("abcd"))
    assert (found.whole, found.pairs_found, found.false_pairs, found.false_groups) == (0, 2, 4, 1)


def test_nothing_found() -> None:
    assert compare(groups("ab"), []) == Comparison(1, 0, 1, 0, 0, 0, 0)


def test_removals_are_right_when_what_contains_them_stays() -> None:
    original, encoded, trimmed = "originals/R.mp4", "copies/R-encoded.mp4", "copies/R-trimmed.mp4"
    planted = [frozenset((original, encoded, trimmed))]
    for going, expected in (
        ({encoded, trimmed}, Removals(2, 2, 0)),
        ({original, encoded}, Removals(2, 2, 2)),
        ({original, trimmed}, Removals(2, 2, 0)),
        ({original, encoded, trimmed}, Removals(2, 3, 3)),
        (set(), Removals(2, 0, 0)),
    ):
        proposals = {video: "remove" if video in going else "keep" for video in planted[0]}
        assert count_removals(planted, proposals) == expected
    assert count_removals(planted, {original: "gone", encoded: "remove"}) == Removals(2, 1, 1)


def test_copies_are_planted_once(tmp_path: Path) -> None:
    root, videos = tmp_path / "root", tmp_path / "videos"
    for folder in ("refs", "queries"):
        (root / folder).mkdir(parents=True)
    write_numbered(root / "refs" / "R.mp4", regular_times(50, 25))
    write_numbered(root / "queries" / "Q1.mp4", regular_times(50, 25))
    write_numbered(root / "queries" / "Q2.mp4", regular_times(50, 25))
    (root / "gt.csv").write_text("query_id,ref_id,query_start,query_end,ref_start,ref_end\nQ1,R,0,1,0,1\n")
    expected = [frozenset(("originals/R.mp4", "copies/R-encoded.mp4", "copies/R-trimmed.mp4"))]
    assert plant(root, videos) == expected
    files = sorted(str(path.relative_to(videos)) for path in videos.rglob("*.mp4"))
    assert files == ["copies/R-encoded.mp4", "copies/R-trimmed.mp4", "originals/Q2.mp4", "originals/R.mp4"]
    times = [path.stat().st_mtime_ns for path in sorted((videos / "copies").iterdir())]
    assert plant(root, videos) == expected
    assert [path.stat().st_mtime_ns for path in sorted((videos / "copies").iterdir())] == times


def test_no_references(tmp_path: Path) -> None:
    for folder in ("refs", "queries"):
        (tmp_path / folder).mkdir()
    (tmp_path / "gt.csv").write_text("query_id,ref_id,query_start,query_end,ref_start,ref_end\n")
    with pytest.raises(ConfigError, match="holds no videos"):
        plant(tmp_path, tmp_path / "videos")


@pytest.mark.parametrize("words", [[], ["keep=x"], ["root"]])
def test_wrong_use(words: list[str]) -> None:
    with pytest.raises(SystemExit, match="usage"):
        main(words)
