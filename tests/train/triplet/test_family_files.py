from pathlib import Path

import numpy as np
import pytest
from family_sources import NumberedFamilies
from PIL import Image
from vdup.train.config.experiments import DataConfig, TrainJobConfig
from vdup.train.config.triplet import Trainable, TripletExperiment
from vdup.train.families.pictures import JoinedFamilies
from vdup.train.network.trainable import split_model
from vdup.train.triplet.family_files import LiveFamilies, family_source, open_families

from vdup.config import EfficientNetLiteConfig, NoWhiteningConfig
from vdup.errors import ConfigError


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photographs")
    rng = np.random.default_rng(0)
    for number in range(5):
        Image.fromarray(rng.integers(0, 256, (48, 64, 3), np.uint8)).save(folder / f"{number}.png")
    return folder


def job(images: Path | None, cache: Path, videos: Path | None = None, views: int = 2) -> TrainJobConfig:
    return TrainJobConfig(
        output=Path("w.safetensors"),
        data=DataConfig(images=images, videos=videos),
        experiment=TripletExperiment(views=views, cache=cache),
        backbone=EfficientNetLiteConfig(device="cpu", image_side_pixels=64),
        whitening=NoWhiteningConfig(),
    )


def experiment_of(config: TrainJobConfig) -> TripletExperiment:
    assert isinstance(config.experiment, TripletExperiment)
    return config.experiment


def test_live_families_come_in_batches_of_one_size() -> None:
    live = LiveFamilies(NumberedFamilies(parts=7, per_part=3, unreadable=(3,)), workers=1)
    assert live.scenes.tolist() == list(range(7))
    batches = list(live.batches([np.array([5, 0, 3, 2]), np.array([1])], epoch=1))
    assert [len(batch.inputs) for batch in batches] == [4, 4, 4]
    parts = [int(picture[0, 0, 0, 0]) for batch in batches for picture in batch.inputs]
    assert parts == [5] * 3 + [0] * 3 + [2] * 3 + [1] * 3
    numbers = np.concatenate([batch.numbers for batch in batches])
    assert len(set(numbers.tolist())) == 12
    assert batches[0].edits[0] == ("", "edit0", "edit1")


def test_live_originals_are_one_to_a_part_and_keep_its_number() -> None:
    live = LiveFamilies(NumberedFamilies(parts=7, per_part=3, unreadable=(3,)), workers=1)
    batches = list(live.originals([np.array([5, 0]), np.array([3, 2]), np.array([1])]))
    assert [batch.numbers.tolist() for batch in batches] == [[5, 0], [2, 1]]
    for batch in batches:
        assert batch.inputs.shape[:2] == (2, 1)
        assert batch.inputs[:, 0, 0, 0, 0].tolist() == batch.numbers.tolist()
        assert batch.edits == (("",), ("",))


def test_live_families_are_those_of_the_source_and_epoch() -> None:
    source = NumberedFamilies(parts=3)
    [batch] = LiveFamilies(source, workers=1).batches([np.arange(3)], epoch=4)
    for number in range(3):
        np.testing.assert_array_equal(batch.inputs[number], source.load(number, 4)[0].images)


def test_a_cache_is_shared_by_what_is_equal_and_by_nothing_else(photographs: Path, tmp_path: Path) -> None:
    made: list[int] = []
    digests = []
    for views in (2, 2, 3):
        config = job(photographs, tmp_path, views=views)
        split = split_model(config, Trainable.head)
        before = len(made)
        with open_families(config, experiment_of(config), split, lambda done, _: made.append(done)) as (families, key):
            [batch] = families.batches([np.arange(5)], 0)
            assert batch.inputs.shape == (5, 1 + views, 1280)
        digests.append((key, len(made) - before))
    assert digests[0] == (digests[1][0], 5)
    assert digests[1][1] == 0
    assert digests[2] != digests[0]
    assert len(list(tmp_path.iterdir())) == 2


def test_photographs_and_videos_go_together(photographs: Path, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"")
    config = job(photographs, tmp_path, videos=tmp_path)
    source = family_source(config, experiment_of(config))
    assert isinstance(source, JoinedFamilies)
    assert len(source) == 6
    config = job(None, tmp_path, videos=tmp_path)
    assert len(family_source(config, experiment_of(config))) == 1


def test_nothing_to_learn_from(photographs: Path, tmp_path: Path) -> None:
    config = job(None, tmp_path)
    with pytest.raises(ConfigError, match="nothing to learn from"):
        family_source(config, experiment_of(config))
    config = job(None, tmp_path, videos=photographs)
    with pytest.raises(ConfigError, match="no video"):
        family_source(config, experiment_of(config))
