"""The video embedding: a small network that a triplet loss taught to bring copies of a video close together.

It takes the mean-pooled layer maxima of a whole video, after Kordopatis-Zilos et al., "Near-duplicate video retrieval
with deep metric learning", ICCV Workshops 2017, and gives a unit vector; videos are compared by its cosine.

An embedding file is a safetensors file with ``mean`` [D] and ``layers.N.weight``, ``layers.N.bias`` in half precision,
and the metadata key ``vdup`` holding JSON: ``format`` (``video-embedding-1``), ``maxima``, the fingerprint of the layer
maxima it was trained on, and ``threshold``, the similarity at which it calls two videos near-duplicates.
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from importlib.resources import as_file
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn.functional import normalize

from vdup.errors import WeightsError
from vdup.types import FloatArray
from vdup.weights import shipped

_FORMAT = "video-embedding-1"
_BUNDLED = "_dml.safetensors"
"""How the names of those that ship with vdup end."""
_TRAIN = "train one with: python -m vdup.train +experiment=dml data.images=DIR"


class VideoEmbedding(nn.Module):
    """Fully connected layers with ReLU between them; the output has unit length."""

    mean: Tensor
    """Mean of the vectors it was trained on, taken away first, float32 [D]."""
    threshold: float
    """Cosine at which two videos count as near-duplicates where a library has no threshold of its own."""

    def __init__(self, widths: list[int], threshold: float = 0.5) -> None:
        """Widths from the pooled vector to the embedding, at least two.

        Raises:
            ValueError: fewer widths.
        """
        super().__init__()
        if len(widths) < 2:
            raise ValueError(f"widths={widths} must be two numbers or more")
        self.register_buffer("mean", torch.zeros(widths[0]))
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.threshold = threshold

    @property
    def input_width(self) -> int:
        """Length D of a pooled vector."""
        return len(self.mean)

    @property
    def dimensions(self) -> int:
        """Length of an embedding."""
        return int(self.layers[-1].out_features)  # type: ignore[arg-type]

    def forward(self, vectors: Tensor) -> Tensor:
        """Unit vectors, float32 [B, E], of pooled vectors of unit length, float32 [B, D]."""
        values = vectors - self.mean
        for number, layer in enumerate(self.layers):
            values = layer(torch.relu(values) if number else values)
        return normalize(values, dim=1)

    @torch.inference_mode()
    def embed(self, vectors: FloatArray) -> FloatArray:
        """The same for NumPy arrays."""
        result: FloatArray = self(torch.from_numpy(np.ascontiguousarray(vectors, dtype=np.float32))).numpy()
        return result

    def digest(self) -> str:
        """SHA-256 of the weights, hexadecimal."""
        total = hashlib.sha256()
        for name, tensor in sorted(self.state_dict().items()):
            total.update(name.encode())
            total.update(tensor.detach().cpu().numpy().tobytes())
        return total.hexdigest()


def embedding_bytes(embedding: VideoEmbedding, maxima: Mapping[str, object]) -> bytes:
    """An embedding file, weights in half precision.

    Args:
        embedding: the network.
        maxima: fingerprint of the layer maxima that it was trained on.
    """
    header = {"format": _FORMAT, "maxima": dict(maxima), "threshold": embedding.threshold}
    tensors = {name: tensor.detach().cpu().half().contiguous() for name, tensor in embedding.state_dict().items()}
    data: bytes = save(tensors, metadata={"vdup": json.dumps(header, sort_keys=True)})
    return data


def load_embedding(path: Path, maxima: Mapping[str, object] | None = None) -> VideoEmbedding:
    """Reads an embedding file.

    Args:
        path: file with the contents of :func:`embedding_bytes`.
        maxima: fingerprint of the layer maxima at hand; none: not compared.

    Raises:
        WeightsError: the file is missing, damaged, of another format, or was trained on other maxima.
    """
    if not path.is_file():
        raise WeightsError(f"video embedding {path} does not exist: check aggregation.weights, or {_TRAIN}")
    try:
        with safe_open(str(path), framework="pt") as file:
            header = json.loads((file.metadata() or {}).get("vdup", "null"))
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
        if header["format"] != _FORMAT:
            raise ValueError(f"format {header['format']}")
        weights = [tensors[f"layers.{number}.weight"] for number in range((len(tensors) - 1) // 2)]
        widths = [int(weights[0].shape[1]), *(int(weight.shape[0]) for weight in weights)]
        embedding = VideoEmbedding(widths, float(header["threshold"]))
        embedding.load_state_dict(tensors)
        found = dict(header["maxima"])
    except (OSError, SafetensorError, ValueError, KeyError, IndexError, TypeError, RuntimeError) as error:
        raise WeightsError(f"{path} is not a usable video embedding ({error}); {_TRAIN}") from error
    if not all(torch.isfinite(tensor).all() for tensor in tensors.values()):
        raise WeightsError(f"{path} holds NaN or infinity; {_TRAIN}")
    if maxima is not None and found != dict(maxima):
        differing = sorted(name for name in {*found, *maxima} if found.get(name) != maxima.get(name))
        raise WeightsError(f"{path} was trained on other layer maxima (different: {', '.join(differing)}); {_TRAIN}")
    return embedding.eval().requires_grad_(False)


def bundled_embedding(maxima: Mapping[str, object]) -> VideoEmbedding:
    """The embedding that ships with vdup for these maxima.

    Raises:
        WeightsError: there is none.
    """
    candidates = shipped(_BUNDLED)
    for item in candidates[:-1]:
        with as_file(item) as path, suppress(WeightsError):
            return load_embedding(path, maxima)
    with as_file(candidates[-1]) as path:
        return load_embedding(path, maxima)
