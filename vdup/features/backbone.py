"""Backbones: images to feature maps."""

import re
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from vdup.config import (
    AlexNetConfig,
    BackboneConfig,
    EfficientNetLiteConfig,
    GoogLeNetConfig,
    Precision,
    ResNetConfig,
    VGG16Config,
)
from vdup.errors import ConfigError
from vdup.features.fine_tuning import (
    apply_fine_tuning,
    bundled_fine_tuning,
    digest_with,
    is_fine_tuning,
    load_fine_tuning,
)
from vdup.features.published import network_name, published_network
from vdup.features.trunk import digest_of, fold_batch_norms

_CPU_BFLOAT16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
"""Flags of /proc/cpuinfo that stand for bfloat16 arithmetic: AVX-512 and AMX on x86, bf16 on Arm."""


class Backbone(nn.Module):
    """A pretrained convolutional network, run without gradients, from images to non-negative feature maps."""

    channels: int
    """Channels of the feature map."""
    name: str
    """Network and layer, such as ``resnet34_layer29``."""
    weights_digest: str
    """SHA-256 of the weights before any folding or rounding, and of the fine-tuning laid over them."""
    device: torch.device
    """Where the network runs and its output lies."""
    dtype: torch.dtype
    """Number format of the convolutions."""

    def __init__(
        self,
        trunk: nn.Module,
        name: str,
        mean: tuple[float, float, float],
        std: tuple[float, float, float],
        device: torch.device,
        dtype: torch.dtype,
        fine_tuning: Mapping[str, Tensor] | None = None,
        source: str = "fine-tuning",
        channels: int | None = None,
    ) -> None:
        """Takes over a trunk, folds its batch normalisation and lays the fine-tuning over it.

        Args:
            trunk: network in evaluation mode, float [B, 3, H, W] -> [B, C, h, w], ending in a ReLU; without weights
                (on the meta device) when the fine-tuning holds all of them.
            name: network and layer.
            mean: what to subtract from the colours (of range 0-1), RGB.
            std: what to divide by afterwards, RGB.
            device: where to run.
            dtype: number format of the convolutions.
            fine_tuning: weights after folding, by name; those that are not among them stay as they are.
            source: where the fine-tuning comes from, for messages.
            channels: of the feature map; none: those of the last convolution.

        Raises:
            WeightsError: the fine-tuning does not fit the trunk.
        """
        super().__init__()
        self.name = name
        self.device = device
        self.dtype = dtype
        blank = any(tensor.is_meta for tensor in trunk.state_dict().values())
        self.weights_digest = "" if blank else digest_of(trunk.state_dict())
        fold_batch_norms(trunk)
        if fine_tuning or blank:
            apply_fine_tuning(trunk, fine_tuning or {}, source)
            self.weights_digest = digest_with(self.weights_digest, fine_tuning or {})
        self.channels = channels or _last_channels(trunk)
        self.trunk = trunk.requires_grad_(False).to(device, dtype).to(memory_format=torch.channels_last)
        # (x / 255 - mean) / std as one multiplication and one addition.
        scale = 1 / (255 * torch.tensor(std))
        offset = -torch.tensor(mean) / torch.tensor(std)
        self.register_buffer("scale", scale.view(1, 3, 1, 1).to(device), persistent=False)
        self.register_buffer("offset", offset.view(1, 3, 1, 1).to(device), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Computes feature maps.

        Args:
            images: RGB of range 0-255, uint8 or floating [B, 3, H, W], on any device; fastest in channels-last order.

        Returns:
            Feature maps after ReLU, float32 [B, channels, h, w] on :attr:`device`.

        Raises:
            ValueError: the images have another shape.
            TypeError: the images are neither uint8 nor floating.
        """
        features: Tensor = self.trunk(self.normalised(images))
        return features.float()

    def normalised(self, images: Tensor) -> Tensor:
        """What the trunk takes: colours less their mean, divided by their deviation, in the network's number format.

        Args and errors are those of :meth:`forward`.
        """
        if images.ndim != 4 or images.shape[1] != 3:
            raise ValueError(f"images must have shape [B, 3, H, W], got {list(images.shape)}")
        if images.dtype != torch.uint8 and not images.is_floating_point():
            raise TypeError(f"images must be uint8 or floating, got {images.dtype}")
        pixels = images.to(self.device).float().contiguous(memory_format=torch.channels_last)
        return torch.addcmul(self.get_buffer("offset"), pixels, self.get_buffer("scale")).to(self.dtype)


def build_backbone(config: BackboneConfig) -> Backbone:
    """Builds the backbone that the settings choose.

    EfficientNet-Lite0 (Tan and Le 2019; the Lite variant replaces swish by ReLU6 and drops squeeze-excitation) comes
    with its weights; ResNet (He et al. 2016), VGG-16 (Simonyan and Zisserman 2015), AlexNet and GoogLeNet load
    torchvision's ImageNet weights from the network on first use unless a file is given, of the same form or of
    fine-tuned weights.

    Raises:
        ConfigError: the device is unknown or absent, or the network gives no feature maps.
        WeightsError: the weights are missing, damaged or of another network.
    """
    name = network_name(config)
    device = resolve_device(config.device)
    tuning = _fine_tuning(config, name)
    # Fine-tuned weights of other networks than the default are all in their file.
    network = published_network(config, blank=bool(tuning) and not isinstance(config, EfficientNetLiteConfig))
    return Backbone(
        network.trunk,
        name,
        network.mean,
        network.std,
        device,
        resolve_dtype(config.precision, device),
        tuning,
        str(getattr(config, "weights", None)),
        network.channels,
    )


def _fine_tuning(config: BackboneConfig, name: str) -> dict[str, Tensor]:
    match config:
        case EfficientNetLiteConfig(weights=Path() as file):
            return load_fine_tuning(file, name)
        case EfficientNetLiteConfig():
            return bundled_fine_tuning(name, config.tuning)
        case ResNetConfig() | VGG16Config() | AlexNetConfig() | GoogLeNetConfig():
            # The same setting takes a state dict of the published form.
            fits = config.weights is not None and is_fine_tuning(config.weights)
            return load_fine_tuning(config.weights, name) if config.weights is not None and fits else {}
    raise TypeError(f"no fine-tuning is known for {type(config).__name__}")


def resolve_device(device: str) -> torch.device:
    """Turns the setting ``auto``, ``cpu``, ``cuda`` or ``cuda:N`` into a device that is present.

    Raises:
        ConfigError: the setting is none of these, or that GPU is not there.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device == "cpu":
        return torch.device("cpu")
    # Parsed here: torch.device wraps large numbers round instead of refusing them.
    form = re.fullmatch(r"cuda(?::([0-9]+))?", device)
    if form is None:
        raise ConfigError(f"backbone.device={device} is not usable: it must be auto, cpu, cuda or cuda:N")
    present = torch.cuda.device_count()
    if int(form[1] or 0) >= present:
        raise ConfigError(f"backbone.device={device} is not usable: {present} CUDA devices were found; use auto")
    return torch.device(device)


def resolve_dtype(precision: Precision, device: torch.device) -> torch.dtype:
    """Number format for a precision on a device; ``auto`` takes a 16-bit format where the hardware computes it."""
    match precision:
        case Precision.float32:
            return torch.float32
        case Precision.bfloat16:
            return torch.bfloat16
        case Precision.auto:
            if device.type == "cuda":
                return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
            return torch.bfloat16 if cpu_has_bfloat16() else torch.float32


def cpu_has_bfloat16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Tells whether the processor multiplies bfloat16 in hardware; False where the system does not say (not Linux)."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    flags = next((line for line in lines if line.lower().startswith(("flags", "features"))), "")
    return not _CPU_BFLOAT16_FLAGS.isdisjoint(flags.split())


def _last_channels(trunk: nn.Module) -> int:
    convolutions = [module for module in trunk.modules() if isinstance(module, nn.Conv2d)]
    # A projecting shortcut is listed after the block's own convolutions, and has as many output channels.
    return convolutions[-1].out_channels
