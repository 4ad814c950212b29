"""Temporal Match Kernels as a method that compares two videos: TMK and LAMV."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from vdup.datasets.base import VideoFile
from vdup.matchers.alignment import Span, aligned, batches, best_step, steps_between
from vdup.matchers.base import Comparison, PairMatcher, paired
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


class KernelMatcher(PairMatcher[KernelDescriptor]):
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
        return self.compare_many([query], [reference], inside=inside)[0]

    def compare_many(
        self, queries: Sequence[KernelDescriptor], references: Sequence[KernelDescriptor], *, inside: bool = False
    ) -> list[Comparison]:
        """Many pairs; see :class:`~vdup.matchers.base.PairMatcher`. Waves at offsets are computed once for several.

        Raises:
            ValueError: the features of the two videos have different lengths, or the sides cannot be paired.
        """
        pairs = list(paired(queries, references))
        steps = [steps_between(query.span, reference.span, self._fps, inside=inside) for query, reference in pairs]
        found: dict[int, Comparison] = {}
        for batch in batches(steps):
            # A side of one stays one: what its scores share is then computed once.
            asked, searched = (
                side[0].values if len(side) == 1 else torch.cat([side[pair].values for pair in batch.pairs])
                for side in (queries, references)
            )
            # The kernel's offsets are the query's time less the reference's.
            offsets = torch.from_numpy(-batch.steps / self._fps * KERNEL_FPS)[None]
            with torch.inference_mode():
                scores = self.kernel.score_pair(asked, searched, offsets).double().numpy()
            for pair, row in zip(batch.pairs, scores, strict=True):
                step, score = best_step(row, batch.steps, steps[pair])
                query, reference = pairs[pair]
                found[pair] = aligned(query.span, reference.span, step / self._fps, score)
        return [found[pair] for pair in range(len(pairs))]
