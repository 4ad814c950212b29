from pathlib import Path

import pytest
from miniature_datasets import WRITERS

from vdup.datasets.base import presence
from vdup.datasets.registry import DATASETS, load_dataset
from vdup.errors import ConfigError


def test_every_data_set_has_a_miniature() -> None:
    assert WRITERS.keys() == DATASETS.keys()


@pytest.mark.parametrize("name", DATASETS)
def test_every_data_set_tells_its_videos(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path)
    dataset = load_dataset(name, tmp_path)
    for videos in (dataset.queries, dataset.references):
        assert presence(videos).present > 0
        assert len({video.id for video in videos}) == len(videos)
        assert all(video.path is None or video.path.is_file() for video in videos)
    assert dataset.name
    assert all(skipped.reason and skipped.places for skipped in dataset.skipped)


@pytest.mark.parametrize("name", DATASETS)
def test_an_empty_or_missing_folder_is_an_error(tmp_path: Path, name: str) -> None:
    for root in (tmp_path, tmp_path / "absent"):
        with pytest.raises(ConfigError, match=str(root)):
            load_dataset(name, root)


@pytest.mark.parametrize("name", DATASETS)
def test_features_that_are_not_there_are_an_error(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path)
    with pytest.raises(ConfigError, match="nowhere: there is no such folder of features"):
        load_dataset(name, tmp_path, features=Path("nowhere"))


def test_an_unknown_name_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"dataset must be one of madonna, climbing, .*, got 'trecvid'"):
        load_dataset("trecvid", tmp_path)
