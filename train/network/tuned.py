"""Settings that use the weights which a training has written."""

from dataclasses import replace
from pathlib import Path

from vdup.config import (
    AlexNetConfig,
    BackboneConfig,
    EfficientNetLiteConfig,
    GoogLeNetConfig,
    ResNetConfig,
    VGG16Config,
)


def tuned_backbone(config: BackboneConfig, path: Path) -> BackboneConfig:
    """The same backbone with the fine-tuned weights of a file.

    Raises:
        TypeError: the backbone takes no fine-tuned weights.
    """
    match config:
        case EfficientNetLiteConfig():
            return replace(config, weights=path)
        case ResNetConfig() | VGG16Config() | AlexNetConfig() | GoogLeNetConfig():
            return replace(config, weights=path)
    raise TypeError(f"no fine-tuning is known for {type(config).__name__}")
