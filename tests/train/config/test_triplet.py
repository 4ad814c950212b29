from pathlib import Path

import pytest
from vdup.train.config.experiments import DataConfig, TrainJobConfig, check_data
from vdup.train.config.losses import Miner, NTXentLossConfig, TripletLossConfig
from vdup.train.config.triplet import TripletExperiment

from vdup.config import RefinerConfig
from vdup.errors import ConfigError


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("epochs", 0),
        ("batch_families", 1),
        ("views", 0),
        ("moments", 0),
        ("learning_rate", 0.0),
        ("backbone_learning_rate", -1.0),
        ("gradient_clip", 0.0),
        ("weight_decay", -0.1),
        ("warmup", 1.0),
        ("validation_share", 0.0),
        ("validation_share", 1.0),
        ("entropy_weight", -1.0),
        ("quantisation_weight", -1.0),
        ("balance_weight", -1.0),
        ("decorrelation_weight", -1.0),
        ("memory", -1),
        ("memory", 584),
    ],
)
def test_impossible_settings_are_named(setting: str, value: float) -> None:
    with pytest.raises(ConfigError, match=rf"experiment\.{setting}={value} is not usable: it must be "):
        TripletExperiment(**{setting: value})


def test_a_memory_takes_the_largest_batch() -> None:
    assert TripletExperiment(memory=585).memory == 585


def test_hidden_width_is_checked() -> None:
    with pytest.raises(ConfigError, match=r"refiner\.hidden=-1"):
        RefinerConfig(hidden=-1)


def job(images: Path | None, videos: Path | None, memory: int = 0, miner: Miner = Miner.hard) -> TrainJobConfig:
    return TrainJobConfig(
        output=Path("w.safetensors"),
        data=DataConfig(images=images, videos=videos),
        experiment=TripletExperiment(memory=memory),
        loss=TripletLossConfig(miner=miner),
    )


def test_photographs_or_videos_are_enough(tmp_path: Path) -> None:
    check_data(job(tmp_path, None))
    check_data(job(None, tmp_path))
    with pytest.raises(ConfigError, match="nothing to learn from"):
        check_data(job(None, None))


def test_all_triplets_with_a_memory_are_too_many(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"loss\.miner=none makes every triplet .*memory=1000"):
        check_data(job(tmp_path, None, 1000, Miner.none))
    check_data(job(tmp_path, None, 1000, Miner.semihard))
    other = job(tmp_path, None, 1000)
    other.loss = NTXentLossConfig()
    check_data(other)
