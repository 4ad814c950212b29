"""Whether C3D hashing learns: a made-up action set, the network before and after training.

::

    python -m benchmarks.action_hashing images=DIR|videos=DIR [training=150] [test=12] [epochs=20] [seed=0] [work=DIR]

The set is ten moves of a camera over photographs, or over stretches of real clips; see :mod:`benchmarks.camera_moves`.
``training`` and ``test`` are photographs or stretches, each of which is seen in all ten moves; those of the test come
from other files. An r3d_18 of 48 bits is trained from scratch by ``+experiment=c3d_hash`` on clips of 8 frames of 16
pixels, small enough for two cores of a CPU. With ``work``, the set and the run are kept, and a run that was cut off
goes on.

Printed is the mean average precision of the test clips among the training clips over the whole ranking: by Hamming
distance of the codes (ties: the mean over their orders), by the values before the signs are taken, and by the 512
features under the hash layer (cosine). The floors are 3 times the untrained network's codes, and 0.7 times the better
of the two rankings by real values. The exit status is 1 where one is missed.
"""

import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from vdup.train.c3d_hash.action_clips import ActionClips, LabelledClips, decode_action_set, load_action_set
from vdup.train.c3d_hash.batches import split_clips
from vdup.train.c3d_hash.clip_cache import ClipCache
from vdup.train.c3d_hash.epoch_lines import epoch_line
from vdup.train.c3d_hash.experiment import new_network, shape_of, train_c3d_hash
from vdup.train.c3d_hash.loop import HashLoop, values_of
from vdup.train.c3d_hash.retrieval import float_average_precisions, retrieve
from vdup.train.config import DataConfig, TrainJobConfig
from vdup.train.config.c3d_hash import C3DHashExperiment, Pretrained
from vdup.train.material.image_files import list_images

from benchmarks.camera_moves import MOVES, Footage, photographs, stretches, write_action_set
from vdup.config import EfficientNetLiteConfig, SamplingConfig
from vdup.errors import VdupError
from vdup.hashing.network import HashNetwork, centre_crop, load_hash_network
from vdup.types import FloatArray
from vdup.video.discover import find_videos

_USAGE = __doc__.split("::")[1].split("\n\n")[1].strip()
_TIMES_UNTRAINED, _SHARE_OF_FLOAT = 3.0, 0.7
_CPU = torch.device("cpu")
_CLIPS_AT_ONCE = 64


@dataclass(frozen=True)
class Found:
    """Mean average precision of the test clips among the training clips."""

    codes: float
    values: float
    """By the distance of the values whose signs are the codes."""
    features: float
    """By the cosine of the features under the hash layer."""

    @property
    def best_float(self) -> float:
        """The better of the two rankings by real values."""
        return max(self.values, self.features)


def footage_of(settings: dict[str, str], training: int, test: int, seed: int) -> tuple[list[Footage], list[Footage]]:
    """What the camera moves over in training and in the test, from different files.

    Raises:
        VdupError: the folder holds too little.
    """
    if "images" in settings:
        rng = np.random.default_rng([seed, 0])
        found = photographs(list_images(Path(settings["images"])), training + test, rng)
        return found[:training], found[training:]
    videos = [path for _, path in find_videos(Path(settings["videos"]))]
    kept = max(1, round(len(videos) * test / (training + test)))
    return stretches(videos[:-kept], training), stretches(videos[-kept:], test)


def settings_of_run(root: Path, work: Path, epochs: int, seed: int) -> TrainJobConfig:
    """Training that a CPU does in minutes. Flips would turn one class into another."""
    experiment = C3DHashExperiment(
        pretrained=Pretrained.none,
        frames=8,
        side_pixels=16,
        flip=False,
        epochs=epochs,
        batch_classes=len(MOVES),
        batch_clips=8,
        classification_weight=5.0,
        learning_rate=0.1,
        quantisation_weight=0.05,
        warmup=0.1,
        cache=work / "clips",
    )
    return TrainJobConfig(
        data=DataConfig(root=root),
        experiment=experiment,
        output=work / "weights.safetensors",
        seed=seed,
        backbone=EfficientNetLiteConfig(device="cpu"),
        sampling=SamplingConfig(workers=1),
    )


def untrained(config: TrainJobConfig, clips: ActionClips) -> HashNetwork:
    """The network as it is before the first step, its statistics taken from training clips."""
    experiment = config.experiment
    assert isinstance(experiment, C3DHashExperiment)
    network: HashNetwork = new_network(shape_of(experiment), config.seed)
    split = split_clips(clips.training.labels, clips.training.sources, experiment.validation_share, config.seed)
    HashLoop(network, clips.training, split, experiment, config.seed, _CPU).start()
    return network


def measure(network: HashNetwork, clips: ActionClips) -> Found:
    """Searches for the test clips among the training clips."""
    asked, stored = clips.test, clips.training
    values = [values_of(network, part, np.arange(len(part)), _CPU) for part in (asked, stored)]
    found = retrieve(values[0], asked.labels, values[1], stored.labels)
    features = [_features(network, part) for part in (asked, stored)]
    by_features = float_average_precisions(*features, asked.labels, stored.labels)
    return Found(found.code_ap, found.float_ap, float(by_features.mean()))


@torch.inference_mode()
def _features(network: HashNetwork, clips: LabelledClips) -> FloatArray:
    """Features under the hash layer at unit length, float32 [N, 512]."""
    network.eval()
    parts = []
    for first in range(0, len(clips), _CLIPS_AT_ONCE):
        images = clips.load(np.arange(first, min(first + _CLIPS_AT_ONCE, len(clips))))
        seen = np.ascontiguousarray(centre_crop(images, network.shape.side_pixels))
        parts.append(torch.nn.functional.normalize(network.features(torch.from_numpy(seen))).numpy())
    return np.concatenate(parts)


def verdict(before: Found, after: Found) -> tuple[float, float, bool]:
    """Times the untrained codes, share of the better float ranking, and whether both floors are reached."""
    times, share = after.codes / before.codes, after.codes / after.best_float
    return times, share, times >= _TIMES_UNTRAINED and share >= _SHARE_OF_FLOAT


def run(settings: dict[str, str], work: Path, console: Console) -> bool:
    """Makes the set, trains, prints; True when both floors are reached."""
    training, test, epochs, seed = (
        int(settings.get(name, default))
        for name, default in (("training", 150), ("test", 12), ("epochs", 20), ("seed", 0))
    )
    root = work / "actions"
    if not (root / "classInd.txt").exists():  # the last list that is written
        write_action_set(root, *footage_of(settings, training, test, seed), seed)
    config = settings_of_run(root, work, epochs, seed)
    experiment = config.experiment
    assert isinstance(experiment, C3DHashExperiment)
    shape = shape_of(experiment)
    cache = ClipCache(experiment.cache, shape.frames, shape.decoded_side_pixels)
    clips = decode_action_set(load_action_set(root, 1), cache, config.sampling)
    before = measure(untrained(config, clips), clips)
    began = time.monotonic()
    train_c3d_hash(config, report=lambda record: console.print(epoch_line(record)))
    minutes = (time.monotonic() - began) / 60
    after = measure(load_hash_network(config.output), clips)
    table = Table(title=f"{len(clips.test)} test clips among {len(clips.training)} training clips, mAP")
    for heading in (f"{shape.network}, {shape.bits} bits", "codes", "values before the signs", "512 features"):
        table.add_column(heading, justify="left" if heading.endswith("bits") else "right")
    for name, found in (("untrained", before), ("trained", after)):
        table.add_row(name, f"{found.codes:.4f}", f"{found.values:.4f}", f"{found.features:.4f}")
    console.print(table)
    times, share, reached = verdict(before, after)
    console.print(
        f"{times:.2f} times the untrained codes (floor {_TIMES_UNTRAINED:g}), {share:.3f} of the better float ranking "
        f"(floor {_SHARE_OF_FLOAT:g}); {epochs} epochs in {minutes:.1f} minutes"
    )
    return reached


def main(arguments: Sequence[str]) -> int:
    """Runs the benchmark and returns the exit status."""
    settings = dict(word.partition("=")[::2] for word in arguments)
    known = {"images", "videos", "training", "test", "epochs", "seed", "work"}
    if settings.keys() - known or ("images" in settings) == ("videos" in settings):
        print(f"usage: {_USAGE}", file=sys.stderr)
        return 2
    with ExitStack() as stack:
        work = Path(settings.get("work") or stack.enter_context(tempfile.TemporaryDirectory()))
        try:
            return 0 if run(settings, work, Console()) else 1
        except VdupError as error:
            print(error, file=sys.stderr)
            return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
