"""Value types that the stages hand to one another.

Times are seconds (float64) from the start of the video's presentation; intervals are half open. Types are columns, not
lists of small objects. This module imports NumPy and the standard library only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from numpy.typing import NDArray

CODE_BITS = 1024
"""Bits of one frame code."""

CODE_BYTES = CODE_BITS // 8
"""Bytes of one packed frame code."""

USUAL_SHAPE = 16 / 9
"""Width over height of a picture of which it is not known."""

MOVIE_VIEW = -1
"""View of a batch that holds the small grey pictures of a movie."""

FloatArray = NDArray[np.float32]
TimeArray = NDArray[np.float64]
CodeArray = NDArray[np.uint8]
RowArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

Intervals = tuple[tuple[float, float], ...]
"""Starts and ends in seconds, in order."""


def _check_rows(owner: str, expected: int, **columns: NDArray[np.generic]) -> None:
    for name, column in columns.items():
        if len(column) != expected:
            raise ValueError(f"{owner}.{name} has {len(column)} rows, expected {expected}")


@dataclass(frozen=True)
class VideoEnd:
    """What is known of a video once all of it was read."""

    duration_seconds: float
    damaged_seconds: Intervals = ()
    """Start and end of every stretch whose pictures could not be decoded whole, as far as the decoder tells."""


@dataclass(frozen=True)
class VideoInfo:
    """What a container says of its video stream, after rotation."""

    width: int
    """Displayed width in pixels, after rotation metadata."""
    height: int
    """Displayed height in pixels, after rotation metadata."""
    duration_seconds: float | None
    """Presentation length; None when the container does not say."""
    codec: str
    """Short codec name, such as ``h264``; empty when the reader does not say."""
    rotation_degrees: int
    """Clockwise rotation that was applied: 0, 90, 180 or 270."""

    @property
    def shape(self) -> float:
        """Width over height; the usual one where that is not known."""
        return self.width / self.height if self.width > 0 and self.height > 0 else USUAL_SHAPE


@dataclass(frozen=True)
class FrameBatch:
    """Consecutive sampled frames of one video, cut to their picture and scaled to one size."""

    images: NDArray[np.uint8]
    """RGB, shape [N, H, W, 3]; of a movie, grey, [N, H, W, 1]."""
    times_seconds: TimeArray
    """Presentation time of each frame, shape [N], increasing."""
    searchable: BoolArray
    """False for blank or near-uniform frames, shape [N]."""
    view: int = 0
    """0: whole frames. From 1 on: views of a query's layout, such as an inset, that are pictures of their own.
    ``MOVIE_VIEW``: small grey pictures."""
    boxes: FloatArray | None = None
    """Where the picture of each lies in its whole frame: top, left, height and width in shares of the frame's sides,
    float32 [N, 4]. None: not known."""

    def __post_init__(self) -> None:
        channels = 1 if self.view == MOVIE_VIEW else 3
        if self.images.ndim != 4 or self.images.shape[3] != channels or self.images.dtype != np.uint8:
            raise ValueError(f"images must be uint8 [N, H, W, {channels}], got {self.images.dtype} {self.images.shape}")
        _check_rows("FrameBatch", len(self.images), times_seconds=self.times_seconds, searchable=self.searchable)
        if self.boxes is not None and self.boxes.shape != (len(self.images), 4):
            raise ValueError(f"boxes must be [{len(self.images)}, 4], got {self.boxes.shape}")

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True)
class VideoCodes:
    """Codes of one video. A row stands for a run of nearly equal sampled frames."""

    codes: CodeArray
    """Packed bits, most significant first, uint8 [N, 128]."""
    starts_seconds: TimeArray
    """Time of the first sampled frame of each run, shape [N], increasing."""
    ends_seconds: TimeArray
    """Time of the last sampled frame of each run, shape [N]; equals the start for a run of one."""
    searchable: BoolArray
    """False for rows that stay out of look-up (blank frames), shape [N]."""
    duration_seconds: float
    """Length of the video."""

    def __post_init__(self) -> None:
        if self.codes.ndim != 2 or self.codes.shape[1] != CODE_BYTES or self.codes.dtype != np.uint8:
            raise ValueError(f"codes must be uint8 [N, {CODE_BYTES}], got {self.codes.dtype} {self.codes.shape}")
        _check_rows(
            "VideoCodes",
            len(self.codes),
            starts_seconds=self.starts_seconds,
            ends_seconds=self.ends_seconds,
            searchable=self.searchable,
        )

    def __len__(self) -> int:
        return len(self.codes)


@dataclass(frozen=True)
class FrameFeatures:
    """Vectors of the frames of one video, as temporal models take them."""

    features: FloatArray
    """Float32 [N, d], or [N, R, d] where every frame has R regions."""
    times_seconds: TimeArray
    """Presentation time of each frame, shape [N], increasing."""
    duration_seconds: float
    """Length of the video."""

    def __post_init__(self) -> None:
        if self.features.ndim not in (2, 3) or self.features.dtype != np.float32:
            raise ValueError(
                f"features must be float32 [N, d] or [N, R, d], got {self.features.dtype} {self.features.shape}"
            )
        _check_rows("FrameFeatures", len(self.features), times_seconds=self.times_seconds)

    def __len__(self) -> int:
        return len(self.features)


@dataclass(frozen=True)
class FrameHits:
    """Results of a look-up, sorted by query row, then distance, then reference row."""

    query_rows: RowArray
    """Row of the query code that was asked for, int64 [M]."""
    reference_rows: RowArray
    """Row id that was given when the reference code was added, int64 [M]."""
    distances: NDArray[np.int32]
    """Exact Hamming distance of the two codes, int32 [M]."""

    def __post_init__(self) -> None:
        _check_rows("FrameHits", len(self.query_rows), reference_rows=self.reference_rows, distances=self.distances)

    def __len__(self) -> int:
        return len(self.query_rows)


@dataclass(frozen=True)
class DescriptorHit:
    """One stored descriptor near a query descriptor."""

    video_number: int
    """Number of the video in the catalogue."""
    start_seconds: float
    end_seconds: float
    similarity: float
    """Cosine similarity, -1 to 1."""


@dataclass(frozen=True)
class Placement:
    """A rectangle that the reference's picture fills, in sides of the query's picture; it may reach beyond it."""

    top: float
    left: float
    height: float
    width: float
    mirrored: bool
    quarter_turns: int
    """Counter-clockwise, after the mirroring."""
    tilt_degrees: float = 0.0
    """Counter-clockwise, about its middle, besides the quarter turns; what then lies outside the rectangle is lost."""
    shape: float = USUAL_SHAPE
    """Width over height of the reference's picture, where that is tilted: pictures are kept as squares, and a tilt is
    seen in them by their shape."""

    @classmethod
    def whole(cls) -> "Placement":
        """The same picture on both sides."""
        return cls(0.0, 0.0, 1.0, 1.0, mirrored=False, quarter_turns=0)

    @property
    def within(self) -> float:
        """Share of the smaller of the two pictures that lies within the other."""
        tall = min(self.top + self.height, 1.0) - max(self.top, 0.0)
        wide = min(self.left + self.width, 1.0) - max(self.left, 0.0)
        return max(tall, 0.0) * max(wide, 0.0) / min(1.0, self.height * self.width)


@dataclass(frozen=True)
class Rectangle:
    """A part of a picture, in shares of its height and width."""

    top: float
    left: float
    height: float
    width: float

    @property
    def area(self) -> float:
        """Share of the picture that it takes."""
        return self.height * self.width

    def likeness(self, other: "Rectangle") -> float:
        """Area of what both share over that of what either holds, 0 to 1."""
        tall = min(self.top + self.height, other.top + other.height) - max(self.top, other.top)
        wide = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        shared = max(tall, 0.0) * max(wide, 0.0)
        return shared / max(self.area + other.area - shared, 1e-12)


class Colour(Enum):
    """Colours of a copy against those of its original."""

    kept = "kept"
    grey = "grey"
    """The copy is without colour, the reference is not."""
    changed = "changed"
    """Hue, saturation or tint are clearly others."""


@dataclass(frozen=True)
class Edits:
    """What was done to the picture of a copy: which part of the reference's frame fills which part of the query's."""

    shown: Rectangle
    """The part of the reference's frame that is shown, as it lies there: not turned, not mirrored."""
    fills: Rectangle
    """The part of the query's frame that it fills."""
    mirrored: bool
    """Left to right, before it was turned."""
    turned_degrees: int
    """Anticlockwise: 0, 90, 180 or 270."""
    confidence: float
    """Probability, 0 to 1, that mirroring and both rectangles are right."""
    colour: Colour | None = None
    """None where it is not known: old libraries hold no colour, and a reference may have none."""
    confidence_inputs: Mapping[str, float] | None = field(default=None, hash=False)
    """What the confidence was computed from, by name."""
    tilted_degrees: float = 0.0
    """Anticlockwise, besides: by some degrees, as by a camera that was not held straight."""


@dataclass(frozen=True)
class PictureMatch:
    """How what changes in the pictures of both sides agrees, and where the one lies in the other."""

    correlation: float
    """Of what changes, along the line of the match, -1 to 1."""
    contrast: float
    """How much better this moment agrees than others near it: a log-likelihood ratio, 0 where all agree alike."""
    motion: float
    """How much changes in the query, in deviations of a picture."""
    placement: Placement
    clear: bool = True
    """Whether they agree so well that place and line can be believed."""


@dataclass(frozen=True)
class Evidence:
    """Why a match was reported."""

    frames_matched: int
    """Query frames whose code agrees with the reference along the segment."""
    frames_compared: int
    """Query frames inside the segment that could be compared."""
    mean_hamming_distance: float
    """Mean over the matched frames, in bits of 1,024."""
    tmk_score: float
    """Temporal Match Kernel score at the refined offset, at most 1."""
    time_offset_seconds: float
    """Reference time minus query time at the start of the segment."""
    mirrored: bool
    """True when the query had to be mirrored left to right."""
    panel: bool = False
    """True when it was found in a part of the query's frames: an inset, its host, a half of a split screen, ..."""
    picture: PictureMatch | None = None
    """None where the pictures were not compared."""
    score_inputs: Mapping[str, float] | None = field(default=None, hash=False)
    """What the score was computed from, by name; None where the pictures were not compared, or the calibration does not
    weigh them. See docs/how-a-match-is-decided.md."""
    place_uncertain_seconds: tuple[float, float] | None = None
    """Where nothing moves in the query, the stretch of the reference that fits as well as the one that is given."""


@dataclass(frozen=True)
class Match:
    """A stretch of a query video that was found in a reference video."""

    query_id: str
    reference_id: str
    query_start_seconds: float
    query_end_seconds: float
    reference_start_seconds: float
    reference_end_seconds: float
    score: float
    """Calibrated, 0 to 1; see docs/how-a-match-is-decided.md."""
    speed: float = 1.0
    """Reference seconds that pass in one query second: 2.0 means that the query plays twice as fast."""
    evidence: Evidence | None = field(default=None)
    """None for an identical file, whose pictures were not compared."""
    identical: bool = False
    """True when the two files are the same byte for byte."""
    edits: Edits | None = None
    """What was done to its picture; None where the pictures do not tell."""
