from pathlib import Path

import pytest

from vdup.datasets.base import VideoFile
from vdup.datasets.video_list import read_video_list
from vdup.errors import ConfigError


def write(folder: Path, text: str) -> Path:
    path = folder / "queries.txt"
    path.write_bytes(text.encode())
    return path


def test_ids_and_paths(tmp_path: Path) -> None:
    lines = "wrC_Uqk3juY\tqueries/a.mp4\r\n\n  -x  \t b \u00e4 c.mp4 \n#1 /abs/d.mp4\n"
    assert read_video_list(write(tmp_path, "\ufeff" + lines)) == [
        VideoFile("wrC_Uqk3juY", tmp_path / "queries" / "a.mp4"),
        VideoFile("-x", tmp_path / "b \u00e4 c.mp4"),
        VideoFile("#1", Path("/abs/d.mp4")),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\ta.mp4\n\nb.mp4\n", "queries.txt:3: expected an id, a tab and a path, got 'b.mp4'"),
        ("a\ta.mp4\nb\tb.mp4\na\tc.mp4\n", "queries.txt:3: the id 'a' stands in"),
        ("\n \n", "this list names no video"),
    ],
)
def test_bad_lists(text: str, expected: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read_video_list(write(tmp_path, text))
    assert expected in str(caught.value)


def test_files_that_are_no_lists(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_video_list(tmp_path / "missing.txt")
    (tmp_path / "queries.txt").write_bytes(b"a\t\xff\xfe.mp4")
    with pytest.raises(ConfigError, match="not a text file"):
        read_video_list(tmp_path / "queries.txt")
