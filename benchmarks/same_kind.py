"""Whether codes tell one face, screen or court from another: copies searched for among pictures of one kind.

::

    python -m benchmarks.same_kind images=DIR [copies=3] [most=400] [seed=1] [backbone=sscd ...]

DIR holds pictures named KIND_NAME_....jpg, ``face_smith_0003.jpg`` for example; hold out what the network was trained
on. Of each kind with 40 pictures or more, ``most`` at the most are taken, evenly over their names. Every picture gets
``copies`` edited copies, as uploaders edit, and each copy is searched for among all pictures of its kind: micro average
precision of all pairs of copy and picture, ranked by the Hamming distance of their codes, and the share of copies whose
nearest picture is their own. Further words are settings of the model. The last line is the mean over the kinds.
"""

import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from hydra import compose, initialize_config_module
from rich.console import Console
from rich.progress import track
from rich.table import Table
from vdup.train.families.pictures import PhotographFamilies, UnreadableError
from vdup.train.loop.validation import Validation, validate
from vdup.train.material.image_files import list_images

from vdup.config import IndexJobConfig
from vdup.errors import ConfigError, VdupError
from vdup.hydra_schema import register, to_config
from vdup.pipeline.encoder import Encoder, build_encoder
from vdup.types import FloatArray

LEAST_OF_A_KIND = 40
LEFT_OUT = ("flip",)
"""Edits that are not made: the matcher tries mirrored frames by itself."""

_USAGE = "usage: python -m benchmarks.same_kind images=DIR [copies=3] [most=400] [seed=1] [setting=value ...]"


@dataclass(frozen=True)
class KindResult:
    """How well copies of one kind are found."""

    pictures: int
    validation: Validation


def kinds_of(paths: Sequence[Path], most: int) -> dict[str, list[Path]]:
    """Pictures by kind, the word before the first ``_`` of their names; kinds of fewer than 40 are left out.

    Args:
        paths: of the pictures, sorted.
        most: pictures taken of one kind, evenly over the list.
    """
    found: defaultdict[str, list[Path]] = defaultdict(list)
    for path in paths:
        found[path.stem.partition("_")[0]].append(path)
    return {
        kind: [some[place * len(some) // min(most, len(some))] for place in range(min(most, len(some)))]
        for kind, some in sorted(found.items())
        if len(some) >= LEAST_OF_A_KIND
    }


def measure_kind(encoder: Encoder, families: PhotographFamilies) -> KindResult:
    """Searches for the copies of all pictures of a kind among these.

    Raises:
        ConfigError: fewer than two of the pictures can be read.
    """
    signs: list[FloatArray] = []
    edits: list[tuple[str, ...]] = []
    for number in range(len(families)):
        try:
            family = families.load(number)[0]
        except UnreadableError as error:
            print(f"skipped {error}", file=sys.stderr)
            continue
        bits = np.unpackbits(encoder.encode(family.images), axis=1)
        signs.append(np.where(bits, 1, -1).astype(np.float32))
        edits.append(family.edits)
    if len(signs) < 2:
        raise ConfigError("fewer than two of the pictures can be read: give others as images=DIR")
    return KindResult(len(signs), validate(np.stack(signs), tuple(edits)))


def print_results(results: Mapping[str, KindResult], milliseconds: float) -> None:
    """Prints a line a kind and the mean over the kinds."""
    table = Table(title="copies among pictures of one kind")
    for heading in ("kind", "pictures", "micro-AP", "recall@1"):
        table.add_column(heading, justify="left" if heading == "kind" else "right")
    for kind, result in results.items():
        found = result.validation
        table.add_row(kind, str(result.pictures), f"{found.code_ap:.3f}", f"{found.recall:.3f}")
    precisions = [result.validation.code_ap for result in results.values()]
    recalls = [result.validation.recall for result in results.values()]
    every = str(sum(result.pictures for result in results.values()))
    table.add_section()
    table.add_row("mean", every, f"{np.mean(precisions):.3f}", f"{np.mean(recalls):.3f}")
    Console().print(table)
    print(f"milliseconds a frame on one core: {milliseconds:.1f}")


def milliseconds_a_frame(encoder: Encoder, side_pixels: int) -> float:
    """Time that one frame takes in one thread: the median of ten passes over eight frames."""
    images = np.random.default_rng(0).integers(0, 256, (8, side_pixels, side_pixels, 3), dtype=np.uint8)
    encoder.encode(images)
    taken = []
    for _ in range(10):
        began = time.perf_counter()
        encoder.encode(images)
        taken.append((time.perf_counter() - began) / len(images))
    return 1000 * float(np.median(taken))


def main(arguments: Sequence[str]) -> None:
    """Runs the command."""
    own = {"images": "", "copies": "3", "most": "400", "seed": "1"}
    words = []
    for argument in arguments:
        name, _, value = argument.partition("=")
        if name in own:
            own[name] = value
        else:
            words.append(argument)
    if not own["images"] or not all(own[name].isdecimal() for name in ("copies", "most", "seed")):
        sys.exit(_USAGE)
    # Before the network is built: a runtime takes the number of threads that it finds.
    torch.set_num_threads(1)
    register()
    try:
        with initialize_config_module("vdup.conf", version_base="1.3"):
            config = to_config(compose("index", ["videos=unused", *words]), IndexJobConfig)
        kinds = kinds_of(list_images(Path(own["images"]), None), int(own["most"]))
        if not kinds:
            raise ConfigError(f"images={own['images']} holds no kind with {LEAST_OF_A_KIND} pictures or more")
        encoder = build_encoder(config)
        side = config.backbone.image_side_pixels
        results = {
            kind: measure_kind(encoder, PhotographFamilies(paths, int(own["copies"]), side, int(own["seed"]), LEFT_OUT))
            for kind, paths in track(kinds.items(), "kinds", console=Console(stderr=True))
        }
    except (VdupError, ValueError) as error:
        sys.exit(str(error))
    print_results(results, milliseconds_a_frame(encoder, side))


if __name__ == "__main__":
    main(sys.argv[1:])
