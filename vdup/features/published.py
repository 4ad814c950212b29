"""Backbones as they were published: trunk, name and what their colours are normalised with."""

from dataclasses import dataclass

from torch import nn

from vdup.config import (
    AlexNetConfig,
    BackboneConfig,
    EfficientNetLiteConfig,
    GoogLeNetConfig,
    ResNetConfig,
    SSCDConfig,
    VGG16Config,
)
from vdup.errors import ConfigError
from vdup.features.trunk import (
    GOOGLENET_CHANNELS,
    alexnet_trunk,
    efficientnet_lite_trunk,
    googlenet_trunk,
    resnet_trunk,
    vgg16_trunk,
)

Colour = tuple[float, float, float]

_IMAGENET_MEAN = (0.485, 0.456, 0.406)
_IMAGENET_STD = (0.229, 0.224, 0.225)
_HALF = (0.5, 0.5, 0.5)


@dataclass(frozen=True)
class PublishedNetwork:
    """A network cut at its layer, its batch normalisation not yet folded into the convolutions."""

    trunk: nn.Sequential
    """In evaluation mode, float [B, 3, H, W] -> [B, C, h, w], ending in a ReLU."""
    mean: Colour
    """What to subtract from the colours (of range 0-1), RGB."""
    std: Colour
    """What to divide by afterwards, RGB."""
    channels: int | None = None
    """Of the feature map; none: those of the last convolution."""


def network_name(config: BackboneConfig) -> str:
    """Network and layer, such as ``resnet34_layer29``.

    Raises:
        ConfigError: the network gives no feature maps.
    """
    match config:
        case EfficientNetLiteConfig():
            return f"efficientnet_lite{config.size}"
        case ResNetConfig():
            return f"resnet{config.depth}_layer{config.layer}"
        case VGG16Config():
            return f"vgg16_layer{config.layer}"
        case AlexNetConfig():
            return "alexnet"
        case GoogLeNetConfig():
            return "googlenet"
        case SSCDConfig():
            raise ConfigError(
                "backbone=sscd gives one vector a frame, and feature maps are needed here: take another backbone"
            )
    raise TypeError(f"no backbone is known for {type(config).__name__}")


def published_network(config: BackboneConfig, blank: bool = False) -> PublishedNetwork:
    """Loads a network with the weights that it was published with, or those of a state dict that the settings name.

    Args:
        config: the network.
        blank: leave the weights out (meta device), for a fine-tuning that holds them all.

    Raises:
        ConfigError: the network gives no feature maps, or its package is not installed.
        WeightsError: the weights are missing, damaged or of another network.
    """
    match config:
        case EfficientNetLiteConfig():
            return PublishedNetwork(efficientnet_lite_trunk(config.size), _HALF, _HALF)
        case ResNetConfig():
            return PublishedNetwork(resnet_trunk(config, blank), _IMAGENET_MEAN, _IMAGENET_STD)
        case VGG16Config():
            return PublishedNetwork(vgg16_trunk(config, blank), _IMAGENET_MEAN, _IMAGENET_STD)
        case AlexNetConfig():
            return PublishedNetwork(alexnet_trunk(config.weights, blank), _IMAGENET_MEAN, _IMAGENET_STD)
        case GoogLeNetConfig():
            return PublishedNetwork(googlenet_trunk(config.weights, blank), _HALF, _HALF, GOOGLENET_CHANNELS)
    network_name(config)
    raise AssertionError("a network that has a name has weights")
