"""Arithmetic and size of the model: multiply-adds for one library frame, counted by PyTorch's counter of operations.

::

    python -m benchmarks.arithmetic [backbone.weights=FILE ...]

Words are settings of the model, as for ``python -m vdup.index``. One multiply-add is two operations; maxima, additions
and normalisations are not counted.
"""

import sys

import torch
from hydra import compose, initialize_config_module
from rich.console import Console
from rich.table import Table
from torch.utils.flop_counter import FlopCounterMode

from vdup.codes.refiner import build_refiner
from vdup.config import IndexJobConfig
from vdup.errors import ConfigError, VdupError
from vdup.features.backbone import build_backbone
from vdup.features.extractor import build_extractor
from vdup.features.pooling import aggregate_regions, build_pooling
from vdup.features.whitening import build_whitening
from vdup.hydra_schema import register, to_config
from vdup.types import CODE_BYTES


def multiply_adds(config: IndexJobConfig) -> dict[str, int]:
    """Multiply-adds of each part for one frame, in the order of the work.

    Raises:
        VdupError: weights or device cannot be used.
    """
    extractor = build_extractor(config)
    backbone, pooling = build_backbone(config.backbone), build_pooling(config.pooling)
    whitening = build_whitening(config.whitening, backbone.channels, backbone=backbone.name, pooling=pooling.name)
    whitening = whitening.to(backbone.device)
    refiner = build_refiner(config.refiner, extractor.fingerprint)
    side = config.backbone.image_side_pixels
    counted: dict[str, int] = {}
    with torch.inference_mode():
        with FlopCounterMode(display=False) as counter:
            maps = backbone(torch.zeros(1, 3, side, side))
        counted["backbone"] = counter.get_total_flops() // 2
        with FlopCounterMode(display=False) as counter:
            features = aggregate_regions(pooling.regions(maps), whitening.apply)
        counted["pooling and whitening"] = counter.get_total_flops() // 2
        with FlopCounterMode(display=False) as counter:
            refiner(features.cpu())
        counted["refiner"] = counter.get_total_flops() // 2
    return counted


def main() -> None:
    """Runs the command."""
    register()
    try:
        with initialize_config_module("vdup.conf", version_base="1.3"):
            config = to_config(compose("index", ["videos=none", *sys.argv[1:]]), IndexJobConfig)
        counted = multiply_adds(config)
    except (VdupError, ConfigError) as error:
        sys.exit(str(error))
    table = Table(
        title=f"One frame of {config.backbone.image_side_pixels} x {config.backbone.image_side_pixels} pixels"
    )
    table.add_column("part")
    table.add_column("million multiply-adds", justify="right")
    for part, count in counted.items():
        table.add_row(part, f"{count / 1e6:,.1f}")
    table.add_row("together", f"{sum(counted.values()) / 1e6:,.1f}")
    console = Console()
    console.print(table)
    console.print(f"{CODE_BYTES} bytes stored for each frame")


if __name__ == "__main__":
    main()
