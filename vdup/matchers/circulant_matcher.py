"""Circulant temporal encoding as a method that compares two videos."""

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from vdup.datasets.base import VideoFile
from vdup.matchers.alignment import Span, aligned, steps_between
from vdup.matchers.base import Comparison, PairMatcher
from vdup.matchers.frame_source import FrameSource
from vdup.matchers.frame_span import span_of
from vdup.temporal import CTE

_SMALLEST_CIRCLE_FRAMES = 64


@dataclass(frozen=True)
class CirculantVideo:
    """Frames of a video, and its descriptors on the circles that were needed so far."""

    features: Tensor
    """float32 [1, N, d]."""
    frames: Tensor
    """Frame of each row, counted from the start of the span, float64 [1, N]."""
    span: Span
    count: int
    """Frames that the span has room for."""
    descriptors: dict[int, Tensor] = field(default_factory=dict)
    """By frames of the circle."""


class CirculantMatcher(PairMatcher[CirculantVideo]):
    """Compares two videos at every offset; their similarity is the highest score, of the query in the reference.

    Both videos must fit on one circle of time, or their ends would be taken for neighbours. The circle is the smallest
    power of two frames that holds both, so a video has a descriptor for each size of circle, made when it is needed.
    """

    def __init__(self, source: FrameSource, *, m: int, lmbda: float, fps: float) -> None:
        """Joins the parts.

        Args:
            source: gives features of frames.
            m: frequencies kept, at most; a small circle has fewer.
            lmbda: regularisation.
            fps: frames a second.
        """
        self._source = source
        self._m = m
        self._lmbda = lmbda
        self._fps = fps
        self._encodings: dict[int, CTE] = {}

    def prepare(self, video: VideoFile, span_seconds: tuple[float, float] | None = None) -> CirculantVideo:
        """Frames of a video; see :class:`~vdup.matchers.base.PairMatcher`.

        Raises:
            VideoError: it cannot be read.
        """
        found = self._source.read(video, span_seconds)
        span = span_of(found, span_seconds)
        features = torch.from_numpy(found.features.reshape(len(found), -1))
        frames = torch.from_numpy(np.round((found.times_seconds - span.start_seconds) * self._fps))
        count = max(int(np.ceil(span.length_seconds * self._fps)), int(frames[-1]) + 1)
        return CirculantVideo(features[None], frames[None], span, count)

    def compare(self, query: CirculantVideo, reference: CirculantVideo, *, inside: bool = False) -> Comparison:
        """Highest score over all offsets; see :class:`~vdup.matchers.base.PairMatcher`.

        Raises:
            ValueError: the features of the two videos have different lengths.
        """
        circle = max(_SMALLEST_CIRCLE_FRAMES, 1 << (query.count + reference.count).bit_length())
        encoding = self._encodings.get(circle)
        if encoding is None:
            encoding = CTE(min(self._m, circle // 2 + 1), self._lmbda, circle)
            self._encodings[circle] = encoding
        steps = steps_between(query.span, reference.span, self._fps, inside=inside)
        with torch.inference_mode():
            asked, searched = _descriptor(query, encoding), _descriptor(reference, encoding)
            # The encoding's offsets are the query's time less the reference's.
            scores = encoding.score_pair(asked, searched, torch.from_numpy(-steps)[None])[0].double().numpy()
        best = int(np.argmax(scores))
        return aligned(query.span, reference.span, float(steps[best]) / self._fps, float(scores[best]))


def _descriptor(video: CirculantVideo, encoding: CTE) -> Tensor:
    made = video.descriptors.get(encoding.circle_frames)
    if made is None:
        made = encoding.single_fv(video.features, video.frames)
        video.descriptors[encoding.circle_frames] = made
    return made
