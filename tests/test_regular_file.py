import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from special_files import named_pipe
from vdup.train.families.pictures import read_photograph
from vdup.train.material.clips import PhotoClip
from vdup.train.material.image_files import load_image
from vdup.train.material.photographs import thumbnails
from vdup.train.material.video_windows import WindowReader

from vdup.catalogue.content_hash import hash_content
from vdup.datasets.annotation_file import csv_rows, numbered_lines, read_json
from vdup.datasets.cc_web_video import _tab_rows
from vdup.datasets.pickled import read_pickle
from vdup.errors import VdupError
from vdup.feature_files.own import read_header, read_own_features
from vdup.feature_files.read import read_features
from vdup.feature_files.vsc_descriptors import read_vsc_descriptors
from vdup.features.t7 import read_t7
from vdup.features.whitening import _read_published
from vdup.pipeline.labelled_pairs import read_pairs
from vdup.regular_file import check_regular, open_regular, open_regular_text, read_regular
from vdup.video.damage import describe_damage
from vdup.video.discover import find_videos
from vdup.video.image_folder import ImageFolderReader
from vdup.video.reader import open_video

OPENERS: list[Callable[[Path], Any]] = [open_regular, open_regular_text, read_regular, check_regular]


class TestRegularFiles:
    def test_bytes_and_text(self, tmp_path: Path) -> None:
        path = tmp_path / "x"
        path.write_bytes(b"a\r\n\xc3\xa9\n")
        assert read_regular(path) == b"a\r\n\xc3\xa9\n"
        with open_regular(path, buffering=0) as file:
            assert file.read(2) == b"a\r"
        with open_regular_text(path) as text:
            assert text.read() == "a\né\n"
        with open_regular_text(path, "latin-1", newline="") as text:
            assert text.read() == "a\r\nÃ©\n"
        check_regular(path)

    def test_links_are_followed(self, tmp_path: Path) -> None:
        (tmp_path / "x").write_bytes(b"content")
        (tmp_path / "link").symlink_to("x")
        assert read_regular(tmp_path / "link") == b"content"


@pytest.mark.parametrize("opener", OPENERS, ids=lambda opener: opener.__name__)
class TestRefused:
    def test_named_pipe(self, tmp_path: Path, opener: Callable[[Path], Any]) -> None:
        (tmp_path / "link").symlink_to("x")
        with named_pipe(tmp_path / "x") as path:
            for name in (path, tmp_path / "link"):
                with pytest.raises(OSError, match="it is a named pipe, not a regular file"):
                    opener(name)

    def test_device(self, tmp_path: Path, opener: Callable[[Path], Any]) -> None:
        (tmp_path / "link").symlink_to("/dev/zero")
        for path in (Path("/dev/zero"), tmp_path / "link"):
            with pytest.raises(OSError, match="it is a device, not a regular file"):
                opener(path)

    def test_socket(self, tmp_path: Path, opener: Callable[[Path], Any], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)  # names of sockets must be short
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind("x")
            with pytest.raises(OSError, match="it is a socket, not a regular file"):
                opener(Path("x"))

    def test_folder_and_missing(self, tmp_path: Path, opener: Callable[[Path], Any]) -> None:
        with pytest.raises(IsADirectoryError):
            opener(tmp_path)
        with pytest.raises(FileNotFoundError):
            opener(tmp_path / "none")

    def test_a_pipe_that_takes_the_name_between_the_look_and_the_opening(
        self, tmp_path: Path, opener: Callable[[Path], Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "regular").touch()
        looked = (tmp_path / "regular").stat()
        with named_pipe(tmp_path / "x") as path, monkeypatch.context() as patch:
            patch.setattr(Path, "stat", lambda *_, **__: looked)
            with pytest.raises(OSError, match="it is a named pipe, not a regular file"):
                opener(path)


def _pictures(path: Path) -> Path:
    """A folder whose only numbered image is a link to the file."""
    folder = path.parent / "images"
    folder.mkdir()
    (folder / "00001.png").symlink_to(path)
    return folder


READERS: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "content hash": ("x.mp4", hash_content),
    "video": ("x.mp4", open_video),
    "video window": ("x.mp4", lambda path: WindowReader(path, 64)),
    "kind of damage": ("x.mp4", describe_damage),
    "list of videos": ("x.txt", find_videos),
    "folder of images": ("x.png", lambda path: ImageFolderReader(_pictures(path))),
    "own features": ("x.safetensors", read_own_features),
    "header of own features": ("x.safetensors", read_header),
    "pickled features": ("x.pkl", read_features),
    "features in an array": ("x.npy", read_features),
    "descriptors": ("x.npz", read_vsc_descriptors),
    "lines": ("x.txt", lambda path: list(numbered_lines(path))),
    "rows": ("x.csv", lambda path: list(csv_rows(path, ["a"]))),
    "table": ("x.txt", lambda path: list(_tab_rows(path))),
    "JSON": ("x.json", read_json),
    "pickle": ("x.pkl", lambda path: read_pickle(path, ["a"])),
    "labelled pairs": ("x.csv", read_pairs),
    "tensor of Torch 7": ("x.t7", read_t7),
    "published whitening": ("x.t7", _read_published),
    "photograph of a family": ("x.png", lambda path: read_photograph(path, 64)),
    "image": ("x.png", lambda path: load_image(path, 64)),
    "thumbnail": ("x.png", lambda path: thumbnails([path])),
    "clip of photographs": ("x.png", lambda path: PhotoClip([path] * 9, np.random.default_rng(0), 4.0, 5.0, (64, 48))),
}


@pytest.mark.parametrize("name", READERS)
def test_nothing_waits_for_a_named_pipe(tmp_path: Path, name: str) -> None:
    file, read = READERS[name]
    with named_pipe(tmp_path / file) as path, pytest.raises((VdupError, OSError)) as refused:
        read(path)
    if name != "folder of images":  # that one says how many images cannot be decoded
        assert "a named pipe, not a regular file" in str(refused.value)
