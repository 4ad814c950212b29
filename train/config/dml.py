"""Settings of ``+experiment=dml`` and ``+experiment=codebook``: vectors of whole videos."""

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import ClassVar

from vdup.config.check import require

from .base import ExperimentConfig


class EmbeddingStart(Enum):
    """Where the weights of the video embedding start."""

    whitening = "whitening"
    """In closed form: directions in which copies differ from their originals count less."""
    random = "random"
    """Small random numbers."""


@dataclass(kw_only=True)
class DMLExperiment(ExperimentConfig):
    """Embedding of mean-pooled layer maxima, trained on triplets; its file is for ``aggregation.weights``."""

    takes_videos: ClassVar[bool] = True

    layers: list[str] = field(default_factory=list)
    """Convolutions of the backbone whose maxima are taken; none: the output of every block."""
    pairs: Path | None = None
    """CSV file of labelled pairs of videos in ``data.videos`` (columns ``video_a``, ``video_b``, ``duplicate``); none:
    copies are generated."""
    clips: int = 600
    """Most clips made of the photographs."""
    clips_a_video: int = 4
    """Most stretches taken from each video."""
    frames: int = 5
    """Frames of a clip, a second apart."""
    views: int = 3
    """Edited copies made of each clip."""
    left_out: list[str] = field(default_factory=list)
    """Edits that are not made."""
    most_filler: float = 0.5
    """Largest share of a copy that is other footage, as in a compilation."""
    dimensions: int = 512
    """Length of the embedding."""
    hidden: list[int] = field(default_factory=list)
    """Widths of hidden layers; none: a single linear layer."""
    init: EmbeddingStart = EmbeddingStart.whitening
    """whitening (without hidden layers only) or random."""
    epochs: int = 60
    """Passes over the training clips."""
    batch_videos: int = 64
    """Originals in a batch, each with a copy."""
    margin: float = 0.6
    """By how much a copy must be nearer than another video, as a Euclidean distance of unit vectors."""
    learning_rate: float = 3e-4
    """Highest learning rate."""
    weight_decay: float = 1e-4
    """Of AdamW; biases are left out."""
    warmup: float = 0.05
    """Share of all steps during which the learning rate rises to its highest."""
    gradient_clip: float = 1.0
    """Longest gradient."""
    validation_share: float = 0.15
    """Share of the clips kept out of training; the epoch that finds their copies best is the one that is kept."""
    cache: Path = Path("training-cache")
    """Folder in which the layer maxima of the clips are kept for the next run."""

    def __post_init__(self) -> None:
        for name in ("clips", "clips_a_video", "frames", "views", "dimensions"):
            require(getattr(self, name) >= 1, f"experiment.{name}", getattr(self, name), "1 or more")
        require(self.batch_videos >= 2, "experiment.batch_videos", self.batch_videos, "2 or more")
        require(self.epochs >= 0, "experiment.epochs", self.epochs, "0 or more")
        require(0 <= self.most_filler < 1, "experiment.most_filler", self.most_filler, "at least 0 and below 1")
        require(0 < self.margin <= 2, "experiment.margin", self.margin, "above 0 and at most 2")
        require(self.learning_rate > 0, "experiment.learning_rate", self.learning_rate, "above 0")
        require(self.gradient_clip > 0, "experiment.gradient_clip", self.gradient_clip, "above 0")
        require(0 <= self.warmup < 1, "experiment.warmup", self.warmup, "at least 0 and below 1")
        require(0 < self.validation_share < 1, "experiment.validation_share", self.validation_share, "between 0 and 1")
        require(all(width >= 1 for width in self.hidden), "experiment.hidden", self.hidden, "widths of 1 or more")
        closed_form = self.init is EmbeddingStart.whitening
        require(
            not (closed_form and self.hidden), "experiment.init", "whitening", "random where there are hidden layers"
        )


class WordsBy(Enum):
    """What the words of a bag of frames are."""

    vector = "vector"
    """Clusters of whole frame vectors."""
    layer = "layer"
    """Clusters of each layer's part, in a book of its own."""


@dataclass(kw_only=True)
class CodebookExperiment(ExperimentConfig):
    """Visual words of a bag of frames; its file is for ``aggregation.codebook``."""

    takes_videos: ClassVar[bool] = True

    by: WordsBy = WordsBy.layer
    """vector or layer."""
    layers: list[str] = field(default_factory=list)
    """Convolutions of the backbone whose maxima are taken; none: the output of every block."""
    words: int = 1000
    """Words of each book."""
    frames: int = 50_000
    """Most frames that are clustered, drawn from all videos."""
    batches: int = 100
    """Batches of mini-batch k-means."""
    batch_frames: int = 4096
    """Frames in a batch."""

    def __post_init__(self) -> None:
        for name in ("words", "frames", "batches", "batch_frames"):
            require(getattr(self, name) >= 1, f"experiment.{name}", getattr(self, name), "1 or more")
