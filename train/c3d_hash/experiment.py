"""``+experiment=c3d_hash``: trains a hash network on the training clips of an action set and tests it."""

import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torchvision.models.video.resnet import BasicBlock

from vdup.errors import ConfigError, WeightsError
from vdup.features.backbone import resolve_device
from vdup.hashing.network import HashNetwork, HashShape, load_kinetics, save_hash_network

from ..config.c3d_hash import C3DHashExperiment, Pretrained
from ..config.experiments import TrainJobConfig
from ..loop.checkpoint import write_atomically
from ..loop.deterministic import deterministic
from ..loop.run_epochs import checkpoint_of, earlier_state, run_epochs, settings_of
from .action_clips import ActionClips, decode_action_set, load_action_set
from .batches import split_clips
from .clip_cache import ClipCache, Progress
from .loop import HashLoop, HashRecord
from .retrieval import Retrieval, retrieve

logger = logging.getLogger(__name__)

Report = Callable[[HashRecord], None]


@dataclass(frozen=True)
class HashResult:
    """What a run has reached."""

    best: HashRecord
    """The epoch whose weights were written."""
    test: Retrieval | None
    """Test clips searched for among all training clips; none where there are no test clips."""
    weights: Path
    """File for ``hash.weights``."""


def train_c3d_hash(
    config: TrainJobConfig, progress: Progress | None = None, report: Report | None = None
) -> HashResult:
    """Trains and writes the weights of the best epoch to ``config.output``, with a log and a checkpoint beside it.

    The best epoch is chosen on a part of the training clips; the test clips are looked at once, at the end. A
    checkpoint of an earlier run with the same output and settings is gone on with.

    Args:
        config: settings.
        progress: told of every clip that is decoded, then of every batch of all epochs.
        report: told of every finished epoch.

    Raises:
        ConfigError: the lists are missing or wrong, the clips are too few, or the output is that of a run of other
            settings.
        WeightsError: Kinetics weights are asked for and cannot be had, or the checkpoint is damaged.
        VdupError: the loss is no longer a number.
        OSError: a file cannot be written.
    """
    experiment, root = config.experiment, config.data.root
    if not isinstance(experiment, C3DHashExperiment) or root is None:
        raise ConfigError("this training needs +experiment=c3d_hash and data.root=DIR, the folder of an action set")
    device = resolve_device(config.backbone.device)
    config.output.parent.mkdir(parents=True, exist_ok=True)
    shape = shape_of(experiment)
    cache = ClipCache(experiment.cache, shape.frames, shape.decoded_side_pixels)
    clips = decode_action_set(load_action_set(root, experiment.split), cache, config.sampling, progress)
    with deterministic(device):
        settings = {**settings_of(config), "data": clips.digest}
        earlier = earlier_state(checkpoint_of(config.output), settings, HashRecord)
        network = new_network(shape, config.seed)
        pretrained = earlier is None and start_from(network, experiment.pretrained)
        try:
            split = split_clips(clips.training.labels, clips.training.sources, experiment.validation_share, config.seed)
            loop = HashLoop(network, clips.training, split, experiment, config.seed, device, progress)
        except ValueError as error:
            raise ConfigError(f"there is too little to learn from in {root}: {error}") from error
        loop.pretrained = pretrained
        if earlier is not None:
            loop.restore(earlier)
            logger.info("going on after epoch %d of %s", loop.records[-1].epoch, checkpoint_of(config.output))
        run_epochs(loop, HashRecord, config.output, experiment.epochs, settings, report)
        loop.take_best()
        test = _test(loop, clips)
    training = {"start": "kinetics" if loop.pretrained else "random", "epoch": loop.best.epoch, "settings": settings}
    save_hash_network(config.output, network.cpu(), training)
    result = HashResult(loop.best, test, config.output)
    _write_result(config.output.with_suffix(".result.json"), result, settings)
    return result


def shape_of(experiment: C3DHashExperiment) -> HashShape:
    """The network that the settings describe."""
    return HashShape(experiment.network.value, experiment.bits, experiment.frames, experiment.side_pixels)


def new_network(shape: HashShape, seed: int) -> HashNetwork:
    """A network with random weights that the seed decides; the state of torch's generator stays as it was.

    The last scale of every residual block is 0: blocks begin as identities, and learning begins sooner (Goyal et al.,
    "Accurate, large minibatch SGD", 2017).
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = HashNetwork(shape)
    for block in network.trunk.modules():
        if isinstance(block, BasicBlock):
            nn.init.zeros_(block.conv2[1].weight)
    return network


def start_from(network: HashNetwork, pretrained: Pretrained) -> bool:
    """Gives a new network its start; True when it has Kinetics weights now.

    Raises:
        WeightsError: they are asked for and cannot be had.
    """
    if pretrained is Pretrained.none:
        return False
    try:
        load_kinetics(network)
    except WeightsError as error:
        if pretrained is Pretrained.kinetics:
            raise
        logger.warning(
            "training starts from random weights, where experiment.classification_weight=5 learns sooner: %s", error
        )
        return False
    return True


def _test(loop: HashLoop, clips: ActionClips) -> Retrieval | None:
    if not len(clips.test):
        return None
    found, stored = (loop.values(part, np.arange(len(part))) for part in (clips.test, clips.training))
    return retrieve(found, clips.test.labels, stored, clips.training.labels)


def _write_result(path: Path, result: HashResult, settings: dict[str, object]) -> None:
    document = {
        **asdict(result.best),
        "test": None if result.test is None else asdict(result.test),
        "weights": str(result.weights),
        "settings": settings,
    }
    write_atomically(path, (json.dumps(document, indent=2) + "\n").encode())
