"""Maxima of intermediate layers: what every channel of chosen convolutions saw at its strongest, anywhere in a frame.

Early layers see texture and colour, late ones objects; together they tell near-duplicates from look-alikes. Zheng et
al., "Good practice in CNN feature transfer", 2016; Kordopatis-Zilos et al., "Near-duplicate video retrieval by
aggregating intermediate CNN layers", MMM 2017. The network runs as it does for the frame codes: the maxima are read off
on the way, and one pass serves both.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from fnmatch import fnmatchcase

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vdup.errors import ConfigError
from vdup.features.backbone import Backbone
from vdup.types import FloatArray

_DEFAULT_LAYERS: dict[str, tuple[str, ...]] = {
    "alexnet": ("features.*",),
    "googlenet": ("inception*.branch1.conv", "inception*.branch[234].1.conv"),
    "vgg16": ("features.*",),
    "resnet18": ("conv1", "layer*.conv2"),
    "resnet34": ("conv1", "layer*.conv2"),
    "resnet50": ("conv1", "layer*.conv3"),
    "efficientnet_lite0": ("conv_stem", "blocks.*.conv_pwl", "blocks.0.*.conv_pw", "conv_head"),
}
"""Layers by network, as patterns over the names of its convolutions: the output of every block."""


class LayerMaxima:
    """Reads the maxima of chosen convolutions while a backbone runs."""

    layers: tuple[str, ...]
    """Names of the convolutions, in the order of the network."""
    widths: tuple[int, ...]
    """Channels of each."""

    def __init__(self, backbone: Backbone, patterns: Sequence[str] = ()) -> None:
        """Chooses layers.

        Args:
            backbone: network to look into; it is not changed.
            patterns: names of convolutions of its trunk, ``*`` for any characters and ``[ab]`` for one of several, as
                in names of files; none: the output of every block.

        Raises:
            ConfigError: a pattern names no convolution of the network.
        """
        wanted = tuple(patterns) or _DEFAULT_LAYERS.get(backbone.name.partition("_layer")[0], ("*",))
        convolutions = {name: part for name, part in backbone.trunk.named_modules() if isinstance(part, nn.Conv2d)}
        for pattern in patterns:
            if not any(fnmatchcase(name, pattern) for name in convolutions):
                some = ", ".join([*convolutions][:4])
                raise ConfigError(
                    f"aggregation.layers: {pattern} names no convolution of {backbone.name}; it has {some}, ..."
                )
        self._chosen = {
            name: part for name, part in convolutions.items() if any(fnmatchcase(name, pattern) for pattern in wanted)
        }
        self._backbone = backbone
        self._network = {"backbone": backbone.name, "backbone_weights": backbone.weights_digest}
        self.layers = tuple(self._chosen)
        self.widths = tuple(part.out_channels for part in self._chosen.values())

    @property
    def dimensions(self) -> int:
        """Length D of the concatenated maxima."""
        return sum(self.widths)

    @contextmanager
    def reading(self) -> Iterator[list[Tensor]]:
        """While the block runs, every pass of the backbone adds its maxima to the list.

        Yields:
            A list that gets one tensor for each layer and pass, in the order of :attr:`layers`: float32 [B, C], the
            greatest value of each channel over all positions, negative ones as 0. They are taken behind batch
            normalisation, which is folded into the convolution, and before ReLU6, which would cut off at 6.
        """
        found: list[Tensor] = []

        def read(_module: nn.Module, _inputs: object, output: Tensor) -> None:
            # One axis at a time over channels that lie side by side: both axes at once take many times as long.
            rows = output.permute(0, 2, 3, 1)
            found.append(rows.amax(1).amax(1).clamp(min=0).float())

        with ExitStack() as hooks:
            for part in self._chosen.values():
                hooks.callback(part.register_forward_hook(read).remove)
            yield found

    def fingerprint(self, image_side_pixels: int) -> dict[str, object]:
        """Everything that shapes the maxima of images of this width and height."""
        return {**self._network, "layers": list(self.layers), "image_side_pixels": image_side_pixels}

    def of_images(self, images: NDArray[np.uint8], batch_size: int) -> FloatArray:
        """Runs the network for the maxima alone.

        Args:
            images: RGB, uint8 [N, S, S, 3].
            batch_size: most images in one pass.

        Returns:
            float32 [N, D].
        """
        with torch.inference_mode(), self.reading() as found:
            for first in range(0, len(images), batch_size):
                # PyTorch takes neither negative strides nor read-only memory.
                part = np.require(images[first : first + batch_size], requirements=["C", "W"])
                self._backbone(torch.from_numpy(part).permute(0, 3, 1, 2))
            return self.joined(found)

    def joined(self, found: list[Tensor]) -> FloatArray:
        """The maxima of all passes since the last call, float32 [N, D]; the list is emptied."""
        count = len(self.layers)
        passes = [torch.cat(found[first : first + count], dim=1) for first in range(0, len(found), count)]
        found.clear()
        if not passes:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        maxima: FloatArray = torch.cat(passes).cpu().numpy()
        return maxima
