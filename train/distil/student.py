"""The network that learns: a backbone whose last stages are trained, pooling, whitening and a linear head.

Most of the arithmetic of a small network is in its first stages and most of its weights are in the last ones, so what
the frozen first stages give is computed once and an epoch costs a third.
"""

from collections.abc import Mapping
from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, normalize

from vdup.config import ModelConfig
from vdup.errors import ConfigError
from vdup.features.backbone import resolve_device
from vdup.features.pooling import aggregate_regions, build_pooling
from vdup.features.published import network_name, published_network
from vdup.features.trunk import digest_of, fold_batch_norms
from vdup.features.whitening import build_whitening

from ..network.trainable import has_convolution, stages_of

_STATISTICS_MOMENTUM = 0.02
"""Of the running statistics of batch normalisation: batches are small."""
_RIDGE = 0.1
"""Added to the variances when the head is fitted, as a share of their mean."""


class Student(nn.Module):
    """Frames to unit vectors of the teacher's length.

    The first stages are frozen, with their batch normalisation folded in. In the others it works as in training from
    scratch, so that the network may move far from where it starts; :meth:`folded_weights` gives what ships.
    """

    digest: str
    """Of the frozen stages."""

    def __init__(self, model: ModelConfig, frozen_stages: int, dimensions: int) -> None:
        """Builds the student at its start.

        Args:
            model: backbone, pooling and whitening; the fine-tuning of the backbone is not used.
            frozen_stages: stages that are not trained, from the first convolution on.
            dimensions: length of the teacher's vectors.

        Raises:
            ConfigError: the backbone gives no feature maps, has no such stages, or the device is absent.
            WeightsError: weights are missing, damaged, or do not fit one another.
        """
        super().__init__()
        network = published_network(model.backbone)
        layers = stages_of(network.trunk)
        starts = [place for place, layer in enumerate(layers) if has_convolution(layer)]
        if frozen_stages >= len(starts):
            raise ConfigError(
                f"experiment.frozen_stages={frozen_stages} leaves nothing to train: "
                f"{network_name(model.backbone)} has {len(starts)} stages"
            )
        cut = starts[frozen_stages]
        # In a tuple, so that its weights are not listed twice.
        self._trunk = (network.trunk,)
        self.frozen = deepcopy(nn.Sequential(*layers[:cut])).requires_grad_(False)
        fold_batch_norms(self.frozen)
        self.digest = digest_of(self.frozen.state_dict())
        self.trained = nn.Sequential(*layers[cut:])
        for module in self.trained.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = _STATISTICS_MOMENTUM
        self._pooling = build_pooling(model.pooling)
        channels = network.channels or [m for m in self.trained.modules() if isinstance(m, nn.Conv2d)][-1].out_channels
        self._whitening = build_whitening(
            model.whitening, channels, backbone=network_name(model.backbone), pooling=self._pooling.name
        )
        self.head = nn.Linear(self._whitening.dimensions, dimensions)
        scale, offset = 1 / (255 * torch.tensor(network.std)), -torch.tensor(network.mean) / torch.tensor(network.std)
        self.register_buffer("scale", scale.view(1, 3, 1, 1), persistent=False)
        self.register_buffer("offset", offset.view(1, 3, 1, 1), persistent=False)
        device = resolve_device(model.backbone.device)
        self._whitening = self._whitening.to(device)
        self.to(device).to(memory_format=torch.channels_last)

    @property
    def device(self) -> torch.device:
        """Where it runs."""
        return self.head.weight.device

    def train(self, mode: bool = True) -> "Student":
        """Training mode for the part that learns; the statistics of the frozen part are folded in and do not move."""
        super().train(mode)
        self.frozen.eval()
        return self

    @torch.no_grad()
    def early(self, images: Tensor, side_pixels: int) -> Tensor:
        """What the frozen stages make of pictures: the same in every epoch, so it is computed once.

        Args:
            images: RGB, uint8 [B, 3, S, S].
            side_pixels: side to which they are scaled first.

        Returns:
            float32 [B, C, h, w].
        """
        pixels = scaled(images.to(self.device), side_pixels)
        normalised = torch.addcmul(self.get_buffer("offset"), pixels, self.get_buffer("scale"))
        found: Tensor = self.frozen(normalised.contiguous(memory_format=torch.channels_last))
        return found

    def features(self, maps: Tensor) -> Tensor:
        """Pooled and whitened unit vectors, float32 [B, D], of what :meth:`early` gives."""
        late = self.trained(maps.contiguous(memory_format=torch.channels_last))
        return aggregate_regions(self._pooling.regions(late.float()), self._whitening.apply)

    def forward(self, maps: Tensor) -> Tensor:
        """Unit vectors of the teacher's length, float32 [B, T], of what :meth:`early` gives."""
        return normalize(self.head(self.features(maps)), dim=1)

    def set_length(self, dimensions: int) -> None:
        """Gives the head another length of its vectors; its weights start anew."""
        self.head = nn.Linear(self.head.in_features, dimensions).to(self.device)

    @torch.no_grad()
    def start_head(self, features: Tensor, teacher: Tensor) -> None:
        """Sets the head to the linear map from features to the teacher's vectors with the least squared error.

        Args:
            features: of some pictures, float32 [N, D].
            teacher: vectors of the same, float32 [N, T].
        """
        mean, target = features.mean(dim=0), teacher.mean(dim=0)
        centred = (features - mean).double()
        scatter = centred.T @ centred
        # Few pictures must not fit their own noise.
        ridge = _RIDGE * scatter.diagonal().mean().clamp(min=1e-12) * torch.eye(len(scatter), dtype=torch.float64)
        weights = torch.linalg.solve(scatter + ridge.to(scatter.device), centred.T @ (teacher - target).double()).T
        self.head.weight.copy_(weights)
        self.head.bias.copy_(target - self.head.weight @ mean)

    def folded_weights(self) -> Mapping[str, Tensor]:
        """Weights of the trunk by name, batch normalisation folded in."""
        trunk = deepcopy(self._trunk[0]).eval()
        fold_batch_norms(trunk)
        return {name: tensor.detach().cpu() for name, tensor in trunk.state_dict().items()}


def scaled(images: Tensor, side_pixels: int) -> Tensor:
    """Pictures in another size, in whole grey levels as a decoder gives them.

    Args:
        images: uint8 [B, 3, S, S].
        side_pixels: wanted side.

    Returns:
        float32 [B, 3, side_pixels, side_pixels] of range 0-255.
    """
    pixels = images.float()
    if pixels.shape[-1] == side_pixels:
        return pixels
    small = interpolate(pixels, size=(side_pixels, side_pixels), mode="bilinear", antialias=True, align_corners=False)
    return small.round().clamp(0, 255)
