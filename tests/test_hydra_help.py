from collections.abc import Iterator

import pytest
from hydra import compose, initialize_config_module
from vdup.train.config.experiments import EXPERIMENTS, TrainJobConfig
from vdup.train.config.losses import LOSSES

from vdup.hydra_help import _options
from vdup.hydra_schema import register

COMMANDS = (
    "index", "query", "manage", "train", "features", "align", "similarity", "calibrate", "duplicates", "evaluate",
)  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def hydra() -> Iterator[None]:
    register({"job": {"train": TrainJobConfig}, "experiment": {**EXPERIMENTS}, "loss": {**LOSSES}})
    with initialize_config_module(config_module="vdup.conf", version_base="1.3"):
        yield


def groups(command: str, *words: str) -> dict[str, str]:
    """Lines of the help between its two headings, by group."""
    settings = compose(command, list(words), return_hydra_config=True)
    lines = settings.hydra.help.template.split("the default:")[1].split("Settings and")[0].strip().splitlines()
    return {group: rest for group, _, rest in (line.strip().partition(" ") for line in lines)}


@pytest.mark.parametrize("command", COMMANDS)
def test_help_lists_the_groups_of_the_command(command: str) -> None:
    settings = compose(command, return_hydra_config=True)
    own = {group for group in settings if group != "hydra" and _options(str(group))}
    listed = groups(command)
    assert own - listed.keys() == set()
    assert listed.keys() - own <= {"experiment", "loss", "dataset"}
    for group, line in listed.items():
        options = line.split("(")[0].replace(",", " ").split()
        assert sorted(options) == (["vdup"] if options == ["vdup"] else _options(group))


def test_the_default_comes_first() -> None:
    assert groups("query")["backbone"].split()[0] == "efficientnet_lite0,"
    assert groups("query")["matcher"].split() == ["vdup"]
    assert groups("similarity")["matcher"].split()[0] == "vdup,"
    assert len(groups("similarity")["matcher"].split()) > 3


def test_only_training_has_experiments() -> None:
    assert "c3d_hash" in groups("train")["experiment"]
    assert "experiment" not in groups("index")
    assert list(groups("train"))[-1] == "experiment"
