import os
from collections.abc import Callable
from pathlib import Path

import pytest
from miniature_datasets import empty_file

from vdup.datasets.base import Presence, VideoFile, presence
from vdup.datasets.media import find_media, media_in, names_of
from vdup.errors import ConfigError


def placed(root: Path, *names: str) -> None:
    for name in names:
        empty_file(root / name)


def found(root: Path, *ids: str, features: Path | None = None) -> list[str | None]:
    files = find_media({name: names_of(name) for name in ids}, root, features=features)
    assert [file.id for file in files] == list(ids)
    return [None if file.path is None else file.path.relative_to(root).as_posix() for file in files]


def test_names_lose_the_extension_and_then_the_folder() -> None:
    assert names_of("cam/clip one.AVI") == ("cam/clip one.AVI", "cam/clip one", "clip one.AVI", "clip one")
    assert names_of("-v.1") == ("-v.1",)  # .1 is no extension of a video


def test_videos_are_found_by_name_stem_and_folder(tmp_path: Path) -> None:
    placed(tmp_path, "videos/a.mp4", "videos/t/b.flv", "videos/t/c d.avi.mp4", "videos/e.MP4", "videos/notes.txt")
    assert found(tmp_path, "a.mp4", "t/b.avi", "t/c d.avi", "x/e.avi", "notes.txt", "z") == [
        "videos/a.mp4",
        "videos/t/b.flv",
        "videos/t/c d.avi.mp4",
        "videos/e.MP4",
        None,
        None,
    ]


def test_the_whole_name_goes_before_the_stem(tmp_path: Path) -> None:
    placed(tmp_path, "videos/a.avi", "videos/a.mp4")
    assert found(tmp_path, "a.mp4", "a") == ["videos/a.mp4", "videos/a.avi"]


def test_videos_and_features_never_mix(tmp_path: Path) -> None:
    placed(tmp_path, "videos/a.mp4", "rmac_resnet34_29/a.pkl", "rmac_resnet34_29/b.pkl", "features/b.safetensors")
    assert found(tmp_path, "a", "b") == ["videos/a.mp4", None]
    assert found(tmp_path, "b") == ["rmac_resnet34_29/b.pkl"]
    assert found(tmp_path, "a", "b", features=Path("rmac_resnet34_29")) == [
        "rmac_resnet34_29/a.pkl",
        "rmac_resnet34_29/b.pkl",
    ]
    assert found(tmp_path, "a", "b", features=tmp_path / "features") == [None, "features/b.safetensors"]


def test_every_folder_is_walked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    placed(tmp_path, "videos/other.mp4", *(f"features/{number}.npy" for number in range(0, 300, 3)))
    walked = []
    walk = os.walk

    def counted(folder: Path, *, onerror: Callable[[OSError], None]) -> object:
        walked.append(folder.name)
        return walk(folder, onerror=onerror)

    monkeypatch.setattr(os, "walk", counted)
    files = find_media({str(number): (str(number),) for number in range(300)}, tmp_path)
    assert walked == ["videos", "features"]
    assert presence(files) == Presence(present=100, missing=200)
    assert files[299] == VideoFile("299", None)


def test_one_file_cannot_be_two_videos(tmp_path: Path) -> None:
    placed(tmp_path, "videos/a.mp4")
    with pytest.raises(ConfigError, match=r"a\.mp4: both cam1/a\.mov and cam2/a\.avi would be this file"):
        found(tmp_path, "cam1/a.mov", "cam2/a.avi")


def test_an_empty_folder_has_no_video(tmp_path: Path) -> None:
    assert found(tmp_path, "a") == [None]
    assert media_in(tmp_path / "absent") == {}


def test_wrong_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent: there is no such folder; data\.root"):
        found(tmp_path / "absent", "a")
    with pytest.raises(ConfigError, match="absent: there is no such folder of features"):
        found(tmp_path, "a", features=Path("absent"))
