"""Bags of frames: every frame becomes a visual word, or one word of each layer, and a video the histogram of its words.

The two aggregations of Kordopatis-Zilos et al., "Near-duplicate video retrieval by aggregating intermediate CNN
layers", MMM 2017. *By vector*: one codebook over the concatenated maxima of all layers. *By layer*: a codebook for each
layer, their histograms side by side. Words are weighted by tf-idf and histograms compared by cosine.

A codebook file is a safetensors file with ``centres.N`` [K, D_N] (half precision) and ``idf.N`` [K] for each book N,
and the metadata key ``vdup`` holding JSON: ``format`` (``codebook-1``), ``layers`` and ``maxima``, the fingerprint of
the layer maxima it was made from.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from vdup.aggregation.kmeans import nearest_centres
from vdup.errors import WeightsError
from vdup.types import FloatArray

_FORMAT = "codebook-1"
_MAKE = "make one with: python -m vdup.train +experiment=codebook data.images=DIR"


@dataclass(frozen=True)
class Codebook:
    """Words of frames, one book over all layers or one for each."""

    centres: tuple[FloatArray, ...]
    """Centres of each book, float32 [K, D_N]; widths D_N cut the frame vector into parts, in order."""
    idf: tuple[FloatArray, ...]
    """Inverse document frequency of the words of each book, float32 [K]."""

    @property
    def words(self) -> int:
        """Words of all books together."""
        return sum(len(book) for book in self.centres)

    @property
    def widths(self) -> tuple[int, ...]:
        """Length of the part of a frame vector that each book is for."""
        return tuple(book.shape[1] for book in self.centres)

    def words_of(self, frames: FloatArray) -> FloatArray:
        """Marks the words of frames.

        Args:
            frames: frame vectors, float32 [N, D].

        Returns:
            float32 [N, words]: 1 for the frame's word of each book, else 0. Their mean over the frames of a video is
            its histogram.

        Raises:
            ValueError: frames of another width.
        """
        if frames.ndim != 2 or frames.shape[1] != sum(self.widths):
            raise ValueError(f"frames must be [N, {sum(self.widths)}], got {list(frames.shape)}")
        marks = np.zeros((len(frames), self.words), dtype=np.float32)
        first_word = 0
        for book, part in zip(self.centres, np.split(frames, np.cumsum(self.widths)[:-1], axis=1), strict=True):
            marks[np.arange(len(frames)), first_word + nearest_centres(part, book)] = 1
            first_word += len(book)
        return marks

    def weighted(self, histograms: FloatArray) -> FloatArray:
        """Histograms with every word weighted by its idf, float32 [N, words]."""
        weights: FloatArray = histograms * np.concatenate(self.idf)
        return weights

    def with_idf_of(self, histograms: FloatArray) -> "Codebook":
        """The same words with the idf that they have in some videos.

        Args:
            histograms: of the videos, float32 [V, words].

        Returns:
            idf = ln(V / videos that hold the word), and ln(V) + ln 2 for a word that none of them holds.

        Raises:
            ValueError: there are no histograms.
        """
        if not len(histograms):
            raise ValueError("the idf of words needs the histogram of at least one video")
        holding = (histograms > 0).sum(axis=0)
        idf = np.log(len(histograms) / np.where(holding == 0, 0.5, holding)).astype(np.float32)
        ends = np.cumsum([len(book) for book in self.centres])
        return Codebook(self.centres, tuple(np.split(idf, ends[:-1])))

    def digest(self) -> str:
        """SHA-256 of centres and weights, hexadecimal."""
        total = hashlib.sha256()
        for array in (*self.centres, *self.idf):
            total.update(str(array.shape).encode())
            total.update(np.ascontiguousarray(array, dtype=np.float32).tobytes())
        return total.hexdigest()


def save_codebook(path: Path, codebook: Codebook, maxima: Mapping[str, object], layers: Sequence[str]) -> None:
    """Writes a codebook file.

    Args:
        path: ``.safetensors`` file to write.
        codebook: what to write.
        maxima: fingerprint of the layer maxima that it was made from.
        layers: names of the layers, for people.
    """
    tensors = {}
    for number, (book, idf) in enumerate(zip(codebook.centres, codebook.idf, strict=True)):
        tensors[f"centres.{number}"] = torch.from_numpy(np.ascontiguousarray(book)).half()
        tensors[f"idf.{number}"] = torch.from_numpy(np.ascontiguousarray(idf, dtype=np.float32))
    header = {"format": _FORMAT, "layers": list(layers), "maxima": dict(maxima)}
    save_file(tensors, str(path), metadata={"vdup": json.dumps(header, sort_keys=True)})


def load_codebook(path: Path, maxima: Mapping[str, object] | None = None) -> Codebook:
    """Reads a codebook file.

    Args:
        path: file written by :func:`save_codebook`.
        maxima: fingerprint of the layer maxima at hand; none: not compared.

    Raises:
        WeightsError: the file is missing, damaged, of another format, or was made from other maxima.
    """
    if not path.is_file():
        raise WeightsError(f"codebook {path} does not exist: check aggregation.codebook, or {_MAKE}")
    try:
        with safe_open(str(path), framework="pt") as file:
            header = json.loads((file.metadata() or {}).get("vdup", "null"))
            tensors = {name: file.get_tensor(name).float().numpy() for name in file.keys()}  # noqa: SIM118
        if header["format"] != _FORMAT:
            raise ValueError(f"format {header['format']}")
        books = range(len(tensors) // 2)
        codebook = Codebook(
            tuple(tensors[f"centres.{number}"] for number in books), tuple(tensors[f"idf.{number}"] for number in books)
        )
        found = dict(header["maxima"])
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"{path} is not a usable codebook ({error}); {_MAKE}") from error
    if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
        raise WeightsError(f"{path} holds NaN or infinity; {_MAKE}")
    pairs = zip(codebook.centres, codebook.idf, strict=True)
    fits = all(book.ndim == 2 and idf.shape == (len(book),) for book, idf in pairs)
    if not codebook.centres or not fits:
        raise WeightsError(f"{path}: centres and weights do not fit together; {_MAKE}")
    if maxima is not None and found != dict(maxima):
        differing = sorted(name for name in {*found, *maxima} if found.get(name) != maxima.get(name))
        raise WeightsError(f"{path} was made from other layer maxima (different: {', '.join(differing)}); {_MAKE}")
    return codebook
