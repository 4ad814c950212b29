"""ViSiL: how alike two videos are, from the similarities of all their frames.

Kordopatis-Zilos, Papadopoulos, Patras and Kompatsiaris, "ViSiL: Fine-grained Spatio-Temporal Video Similarity
Learning", ICCV 2019.
"""

from collections.abc import Iterator
from itertools import product

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import hardtanh

from vdup.config import ViSiLVariant
from vdup.types import FloatArray, FrameFeatures
from vdup.visil.attention import ContextAttention
from vdup.visil.chamfer import chamfer, frame_similarities, symmetric_chamfer
from vdup.visil.comparator import HALO_FRAMES, STRIDE, VideoComparator

_BLOCK_FRAMES = 128
"""Frames of both videos whose regions are multiplied at once: 5 MB for nine regions each."""
_TILE_FRAMES = 512
"""Frames of both videos that the comparator sees at once, without the halo: 50 MB."""


class ViSiL(nn.Module):
    """One of the three forms of the paper, with weights that are random until they are loaded or trained.

    The similarity of frames is taken in blocks and the comparator runs over tiles with a margin as wide as it can see,
    so the result is that of the whole matrix (but for rounding) and memory does not grow with the product of the
    lengths. What grows is time: two videos of two hours at one frame a second have 52 million pairs of frames.
    """

    attention: ContextAttention | None
    video_comperator: VideoComparator | None
    """Spelt as in the authors' state dict."""

    def __init__(self, variant: ViSiLVariant = ViSiLVariant.f, dimensions: int = 3840) -> None:
        """Chooses the form.

        Args:
            variant: ``f`` has no weights: Chamfer similarity of the frames. ``v`` and ``sym`` have attention and the
                comparator; ``sym`` takes both directions of every Chamfer similarity.
            dimensions: length D of the region vectors, which only attention depends on.

        Raises:
            ValueError: ``dimensions`` is below 1.
        """
        super().__init__()
        if dimensions < 1:
            raise ValueError(f"dimensions={dimensions} must be 1 or more")
        self.variant = variant
        self.dimensions = dimensions
        is_learned = variant is not ViSiLVariant.f
        self.attention = ContextAttention(dimensions) if is_learned else None
        self.video_comperator = VideoComparator() if is_learned else None

    @property
    def goes_both_ways(self) -> bool:
        """Whether every Chamfer similarity is the mean of both directions. The comparator still tells them apart."""
        return self.variant is ViSiLVariant.sym

    def similarity(self, query: FrameFeatures, reference: FrameFeatures) -> float:
        """How much of the query is found in the reference, or each in the other for ``sym``.

        Args:
            query: features [N, R, D] of unit length; [N, D] is taken as one region.
            reference: the same of the other video.

        Returns:
            -1 to 1.

        Raises:
            ValueError: a video has no frames, or the vectors have other lengths than each other or the weights.
        """
        with torch.inference_mode():
            rows, columns = self._weighed(query), self._weighed(reference)
            step = 1 if self.video_comperator is None else STRIDE
            best_of_rows = rows.new_full((len(rows) // step,), -torch.inf)
            best_of_columns = columns.new_full((len(columns) // step,), -torch.inf)
            for across, along, tile in self._tiles(rows, columns):
                best_of_rows[across] = torch.maximum(best_of_rows[across], tile.amax(1))
                best_of_columns[along] = torch.maximum(best_of_columns[along], tile.amax(0))
            score = best_of_rows.mean()
            return float((score + best_of_columns.mean()) / 2 if self.goes_both_ways else score)

    def frame_similarity(self, query: FrameFeatures, reference: FrameFeatures) -> FloatArray:
        """Similarity of every frame of the query with every frame of the reference, before the comparator.

        Args and errors are those of :meth:`similarity`.

        Returns:
            Float32 [N, M], 4 bytes for each pair of frames.
        """
        with torch.inference_mode():
            rows, columns = self._weighed(query)[: len(query)], self._weighed(reference)[: len(reference)]
            return np.asarray(self._frame_similarities(rows, columns).cpu().numpy())

    def compared(self, query: FrameFeatures, reference: FrameFeatures) -> FloatArray:
        """What the video comparator makes of the similarities of the frames, clipped to -1 and 1.

        Videos of fewer than four frames are repeated until they have four, as the authors do. Args and errors are
        those of :meth:`similarity`; ``f`` has no comparator and gives what :meth:`frame_similarity` does.

        Returns:
            Float32 [N // 4, M // 4].
        """
        if self.video_comperator is None:
            return self.frame_similarity(query, reference)
        with torch.inference_mode():
            rows, columns = self._weighed(query), self._weighed(reference)
            whole = rows.new_empty((len(rows) // STRIDE, len(columns) // STRIDE))
            for across, along, tile in self._tiles(rows, columns):
                whole[across, along] = tile
            return np.asarray(whole.cpu().numpy())

    def forward(self, query: Tensor, references: Tensor) -> tuple[Tensor, Tensor]:
        """Similarities with gradients, for training: everything at once.

        Args:
            query: region vectors, float [N, R, D], N of 4 or more where there is a comparator.
            references: of B videos that are equally long, float [B, M, R, D].

        Returns:
            The similarities, float [B]; and what they are taken from before clipping, float [B, N // 4, M // 4], or
            [B, N, M] for ``f``.
        """
        if self.attention is not None:
            query, references = self.attention(query), self.attention(references)
        together = frame_similarities(query, references.flatten(0, 1), self.goes_both_ways)
        maps = together.view(len(query), *references.shape[:2]).transpose(0, 1)
        if self.video_comperator is not None:
            maps = self.video_comperator(maps)
        clipped = hardtanh(maps)
        return symmetric_chamfer(clipped, 1, 2) if self.goes_both_ways else chamfer(clipped, 1, 2), maps

    def _weighed(self, video: FrameFeatures) -> Tensor:
        """Weighed region vectors [N, R, D] where the model lies; repeated to four frames for the comparator."""
        if len(video) == 0:
            raise ValueError("a video without frames has no similarity")
        weights = next(self.parameters(), None)
        regions = torch.from_numpy(np.require(video.features, requirements=["C", "W"]))
        regions = regions.unsqueeze(1) if regions.ndim == 2 else regions
        if self.attention is not None:
            if regions.shape[2] != self.dimensions:
                raise ValueError(
                    f"the region vectors have {regions.shape[2]} numbers, the weights are for {self.dimensions}"
                )
            regions = self.attention(regions if weights is None else regions.to(weights.device))
        while self.video_comperator is not None and len(regions) < STRIDE:
            regions = torch.cat([regions, regions])
        return regions

    def _frame_similarities(self, rows: Tensor, columns: Tensor) -> Tensor:
        """Similarities of frames [N, M], block after block."""
        if rows.shape[2] != columns.shape[2]:
            raise ValueError(f"the region vectors have {rows.shape[2]} and {columns.shape[2]} numbers")
        found = rows.new_empty((len(rows), len(columns)))
        for across, along in product(_pieces(len(rows), _BLOCK_FRAMES), _pieces(len(columns), _BLOCK_FRAMES)):
            found[across, along] = frame_similarities(rows[across], columns[along], self.goes_both_ways)
        return found

    def _tiles(self, rows: Tensor, columns: Tensor) -> Iterator[tuple[slice, slice, Tensor]]:
        """The clipped map from which the similarity is taken, in pieces with their place in it."""
        for across, along in product(_pieces(len(rows), _TILE_FRAMES), _pieces(len(columns), _TILE_FRAMES)):
            if self.video_comperator is None:
                yield across, along, hardtanh(self._frame_similarities(rows[across], columns[along]))
                continue
            down, right = _widened(across, len(rows)), _widened(along, len(columns))
            compared = self.video_comperator(self._frame_similarities(rows[down], columns[right]).unsqueeze(0))[0]
            places = _cells(across), _cells(along)
            if places[0].stop > places[0].start and places[1].stop > places[1].start:
                yield *places, hardtanh(compared)[_within(across, down), _within(along, right)]


def _pieces(length: int, size: int) -> list[slice]:
    return [slice(first, min(first + size, length)) for first in range(0, length, size)]


def _widened(piece: slice, length: int) -> slice:
    """A piece with the frames around it that its cells look at."""
    return slice(max(0, piece.start - HALO_FRAMES), min(length, piece.stop + HALO_FRAMES))


def _cells(piece: slice) -> slice:
    """Cells of the comparator's output that belong to a piece."""
    return slice(piece.start // STRIDE, piece.stop // STRIDE)


def _within(piece: slice, widened: slice) -> slice:
    """The same cells in the output for the widened piece."""
    cells = _cells(piece)
    return slice(cells.start - widened.start // STRIDE, cells.stop - widened.start // STRIDE)
