from dataclasses import dataclass
from pathlib import Path

import pytest
from vdup.train.config import EXPERIMENTS, ExperimentConfig, PCAExperiment, TrainJobConfig
from vdup.train.runs import RUNS, run_of

from vdup.errors import ConfigError


def test_every_experiment_has_a_run() -> None:
    assert set(RUNS) == set(EXPERIMENTS.values())


def test_the_run_is_that_of_the_experiment() -> None:
    assert run_of(TrainJobConfig(experiment=PCAExperiment(), output=Path("w"))) is RUNS[PCAExperiment]


def test_an_experiment_without_a_run_is_refused() -> None:
    @dataclass(kw_only=True)
    class Unknown(ExperimentConfig):  # type: ignore[misc]
        pass

    with pytest.raises(ConfigError, match="no training is known for Unknown"):
        run_of(TrainJobConfig(experiment=Unknown(), output=Path("w")))


def test_a_whitening_needs_pictures(tmp_path: Path) -> None:
    config = TrainJobConfig(experiment=PCAExperiment(), output=tmp_path / "w")
    with pytest.raises(ConfigError, match=r"data\.images=DIR"):
        run_of(config).start(config, lambda _done, _total: None, print)
