"""Temporal Match Kernels as a method that compares two videos: TMK and LAMV."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from vdup.datasets.base import VideoFile
from vdup.matchers.alignment import Span, aligned, steps_between
from vdup.matchers.base import Comparison
from vdup.matchers.frame_source import FrameSource
from vdup.matchers.frame_span import span_of
from vdup.temporal import TMK

KERNEL_FPS = 15.0
"""The unit of the kernels' periods is a frame at this rate, whatever the rate of the frames themselves."""


@dataclass(frozen=True)
class KernelDescriptor:
    """Descriptor of a video or of a stretch of it."""

    values: Tensor
    """[1, periods, 2m, d]; times are counted from the start of the span."""
    span: Span


class KernelMatcher:
    """Compares two videos at every offset; their similarity is the highest score."""

    def __init__(self, build_kernel: Callable[[], TMK], source: FrameSource, fps: float) -> None:
        """Joins the parts.

        Args:
            build_kernel: makes the kernel, when it is first needed.
            source: gives features of frames.
            fps: frames a second; offsets are tried in steps of one frame.
        """
        self._build_kernel = build_kernel
        self._source = source
        self._fps = fps

    @cached_property
    def kernel(self) -> TMK:
        """The kernel, built when it is first asked for."""
        return self._build_kernel().eval().requires_grad_(False)

    def prepare(self, video: VideoFile, span_seconds: tuple[float, float] | None = None) -> KernelDescriptor:
        """Descriptor of a video; see :class:`~vdup.matchers.base.PairMatcher`.

        Raises:
            VideoError: it cannot be read.
        """
        frames = self._source.read(video, span_seconds)
        span = span_of(frames, span_seconds)
        features = torch.from_numpy(frames.features.reshape(len(frames), -1))
        times = torch.from_numpy((frames.times_seconds - span.start_seconds) * KERNEL_FPS)
        with torch.inference_mode():
            return KernelDescriptor(self.kernel.single_fv(features[None], times[None]), span)

    def compare(self, query: KernelDescriptor, reference: KernelDescriptor, *, inside: bool = False) -> Comparison:
        """Highest score over all offsets; see :class:`~vdup.matchers.base.PairMatcher`.

        Raises:
            ValueError: the features of the two videos have different lengths.
        """
        shifts = steps_between(query.span, reference.span, self._fps, inside=inside) / self._fps
        # The kernel's offsets are the query's time less the reference's.
        offsets = torch.from_numpy(-shifts * KERNEL_FPS)[None]
        with torch.inference_mode():
            scores = self.kernel.score_pair(query.values, reference.values, offsets)[0].double().numpy()
        best = int(np.argmax(scores))
        return aligned(query.span, reference.span, float(shifts[best]), float(scores[best]))
