import errno
import json
import os
from pathlib import Path
from typing import Never

import pytest
from result_factory import found, match

from vdup.config import QueryJobConfig
from vdup.errors import ConfigError, OutputError
from vdup.report.output import check_output, write_matches, write_whole

CONFIG = QueryJobConfig(videos=Path("v"))


@pytest.mark.parametrize("name", ["m.csv", "m.JSON", "new/folder/m.jsonl"])
def test_usable_outputs(name: str, tmp_path: Path) -> None:
    check_output(tmp_path / name)
    assert not (tmp_path / name).exists()
    write_matches(tmp_path / name, [found(match())], CONFIG, "f1")
    assert (tmp_path / name).read_text()


def test_no_output() -> None:
    check_output(None)


@pytest.mark.parametrize("name", ["m.txt", "m", ".csv", "m.csv.gz"])
def test_other_suffixes(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"must end in one of \.csv, \.json, \.jsonl"):
        check_output(tmp_path / name)


def test_place_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(ConfigError, match="permission denied"):
        check_output(tmp_path / "m.csv")


def test_suffix_chooses_the_form(tmp_path: Path) -> None:
    results = [found(match())]
    for name in ("m.csv", "m.json", "m.jsonl"):
        write_matches(tmp_path / name, results, CONFIG, "f1")
    assert (tmp_path / "m.csv").read_text().startswith("query_id,")
    assert json.loads((tmp_path / "m.json").read_text())["matches"][0]["query_id"] == "q.mp4"
    assert json.loads((tmp_path / "m.jsonl").read_text())["query_id"] == "q.mp4"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.csv", "m.json", "m.jsonl"]


def test_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "m.csv"
    target.write_text("old")

    def full(path: Path, data: bytes) -> Never:
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match="No space left on device; free some space or choose another output=FILE"):
        write_whole(target, "new")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_link_keeps_pointing(tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to(tmp_path / "file.csv")
    write_whole(tmp_path / "link.csv", "new")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "file.csv").read_text() == "new"


def test_a_link_in_a_circle_becomes_the_file(tmp_path: Path) -> None:
    loop = tmp_path / "loop.csv"
    loop.symlink_to(loop)
    write_whole(loop, "new")
    assert loop.read_text() == "new"


def test_names_that_are_no_text(tmp_path: Path) -> None:
    write_matches(tmp_path / "m.jsonl", [found(match("\udcff.mp4"))], CONFIG, "f1")
    assert json.loads((tmp_path / "m.jsonl").read_text())["query_id"] == "\udcff.mp4"


def test_folder_that_vanished(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot write"):
        write_whole(tmp_path / "gone" / "m.csv", "new")
