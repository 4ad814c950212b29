import os
import unicodedata
from pathlib import Path

import pytest

from vdup.errors import ConfigError
from vdup.video.discover import find_videos


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def ids(path: Path) -> list[str]:
    return [video_id for video_id, _ in find_videos(path)]


class TestFile:
    def test_id_is_the_name(self, tmp_path: Path) -> None:
        touch(tmp_path, "a/film.mp4", "a/film")
        assert find_videos(tmp_path / "a" / "film.mp4") == [("film.mp4", tmp_path / "a" / "film.mp4")]
        assert ids(tmp_path / "a" / "film") == ["film"]

    def test_missing(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"none\.mp4: there is no such file or folder"):
            find_videos(tmp_path / "none.mp4")


class TestFolder:
    def test_recursive_sorted_and_relative(self, tmp_path: Path) -> None:
        touch(tmp_path, "b.MKV", "a/z.mp4", "a/b/c.webm", "a.mp4", "notes.txt", "picture.png", "a/sound.mp3", "noext")
        assert ids(tmp_path) == ["a.mp4", "a/b/c.webm", "a/z.mp4", "b.MKV"]
        assert dict(find_videos(tmp_path))["a/b/c.webm"] == tmp_path / "a" / "b" / "c.webm"

    def test_hidden_is_left_out(self, tmp_path: Path) -> None:
        touch(tmp_path, ".x.mp4", ".trash/x.mp4", "x.mp4")
        assert ids(tmp_path) == ["x.mp4"]

    def test_a_hidden_folder_that_was_asked_for(self, tmp_path: Path) -> None:
        touch(tmp_path, ".cache/x.mp4")
        assert ids(tmp_path / ".cache") == ["x.mp4"]

    def test_names_are_kept_as_they_are(self, tmp_path: Path) -> None:
        names = [unicodedata.normalize(form, "naïve ünïcode.mp4") for form in ("NFC", "NFD")]
        touch(tmp_path, *names, "视频 & 100% #1.mp4")
        assert sorted(ids(tmp_path)) == sorted({*names, "视频 & 100% #1.mp4"})

    def test_linked_files_are_followed(self, tmp_path: Path) -> None:
        touch(tmp_path, "store/real.mp4", "library/own.mp4")
        (tmp_path / "library" / "link.mp4").symlink_to(tmp_path / "store" / "real.mp4")
        (tmp_path / "library" / "dead.mp4").symlink_to(tmp_path / "gone.mp4")
        assert ids(tmp_path / "library") == ["dead.mp4", "link.mp4", "own.mp4"]

    def test_linked_folders_are_entered_once(self, tmp_path: Path) -> None:
        touch(tmp_path, "a/x.mp4")
        (tmp_path / "a" / "loop").symlink_to(tmp_path)
        (tmp_path / "again").symlink_to(tmp_path / "a")
        assert ids(tmp_path) == ["a/x.mp4"]

    def test_no_video(self, tmp_path: Path) -> None:
        touch(tmp_path, "picture.png")
        with pytest.raises(ConfigError, match="no video in this folder"):
            find_videos(tmp_path)

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_forbidden_folder(self, tmp_path: Path) -> None:
        touch(tmp_path, "x.mp4", "locked/x.mp4")
        (tmp_path / "locked").chmod(0o000)
        try:
            with pytest.raises(ConfigError, match="locked: this folder cannot be read"):
                find_videos(tmp_path)
        finally:
            (tmp_path / "locked").chmod(0o700)


class TestList:
    def write(self, path: Path, text: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def test_paths_are_relative_to_the_list(self, tmp_path: Path) -> None:
        text = "# films\n\nsub/b.mp4\n  a.mp4  \n../other/c.bin\n./a.mp4\n"
        found = find_videos(self.write(tmp_path / "lists" / "list.txt", text))
        assert [video_id for video_id, _ in found] == ["lists/sub/b.mp4", "lists/a.mp4", "other/c.bin"]
        assert found[2][1] == tmp_path / "other" / "c.bin"

    def test_absolute_paths_and_byte_order_mark(self, tmp_path: Path) -> None:
        found = find_videos(self.write(tmp_path / "LIST.TXT", f"\ufeff{tmp_path}/v/é.mp4\n"))
        assert found == [("é.mp4", tmp_path / "v" / "é.mp4")]

    def test_a_line_that_can_be_no_path_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "list.txt").write_bytes(b"good.mp4\nba\0d.mp4\n")
        with pytest.raises(ConfigError, match=r"list\.txt: line 2 holds a zero byte"):
            find_videos(tmp_path / "list.txt")

    def test_empty_missing_and_broken_lists(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="names no video"):
            find_videos(self.write(tmp_path / "empty.txt", "# nothing\n\n"))
        with pytest.raises(ConfigError, match="no such list"):
            find_videos(tmp_path / "none.txt")
        (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00\x80")
        with pytest.raises(ConfigError, match="cannot be read"):
            find_videos(tmp_path / "binary.txt")
