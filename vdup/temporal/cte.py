"""Circulant temporal encoding: a video as the low frequencies of its features over time.

Sources: Revaud et al., "Event Retrieval in Large Video Collections with Circulant Temporal Encoding", CVPR 2013; Douze
et al., "Circulant Temporal Encoding for Video Retrieval and Temporal Alignment", International Journal of Computer
Vision 119, 2016. The product quantisation of those papers is left out: descriptors stay floating point.
"""

import logging
import math

import torch
from torch import Tensor, nn

from vdup.temporal.arguments import check_frames, check_pairs, one_offset_each

logger = logging.getLogger(__name__)

_CHUNK_VALUES = 1 << 22
"""Most values of one table or padded video: 16 MiB in float32, whatever the length of the video."""

_BLOCK_VALUES = 1 << 17
"""Most values of the descriptors that are multiplied at once: 1 MiB, which stays in the processor's cache."""


class CTE(nn.Module):
    """Circulant temporal encoding with a regularised filter.

    Time is a circle of N frames. A video with features ``x_t`` at the frames t is padded with zeros to N and its
    discrete Fourier transform along time, ``X_k = sum_t x_t exp(-2 pi i k t / N)`` in each of the d components, is cut
    after the m lowest frequencies, k = 0 ... m-1. Two videos on the same circle can be compared whatever their lengths.

    A video a, the query, is compared with a video b at the offset s by

        ``S(s) = 1/Z sum_k w_k Re( <A_k, B_k> exp(2 pi i k s / N) ) / (|A_k|^2 + lmbda P)``

    with ``<A_k, B_k> = sum_j A_kj conj(B_kj)`` and ``|A_k|^2 = <A_k, A_k>`` over the components, ``w_k`` = 1 for k = 0
    and k = N/2, else 2 (the frequency -k counts too), ``P = sum_k w_k |A_k|^2 / sum_k w_k`` the query's mean power, and
    Z such that a with itself scores 1 at the offset 0. Without the denominator this is ``sum_t <a_t, b_(t-s)>``, the
    correlation of the videos, whose maximum is broad because neighbouring frames resemble one another. The denominator
    is the filter with which the query's answer to itself is nearest to 1 at the offset 0 and 0 elsewhere, in the sense
    of least squares; lmbda keeps it from amplifying frequencies that are mostly noise. With a large lmbda the score is
    the plain correlation over the query's energy.

    Two things are settled here and differ from the papers. lmbda counts in units of the query's mean power, so that
    neither the length of a video nor the scale of its features matters. And N is set once instead of for each pair,
    which lets descriptors be stored. Frames beyond N are folded onto the circle; offsets that differ by N cannot be
    told apart, so N should be at least the length of the longest video plus that of the longest query. Cutting at m
    frequencies makes peaks about N / 2m frames wide.
    """

    def __init__(self, m: int, lmbda: float = 0.1, circle_frames: int | None = None) -> None:
        """Sets the encoding.

        Args:
            m: number of frequencies kept.
            lmbda: regularisation, 0 or more; the papers use 0.1.
            circle_frames: N; none: 2 m, of which m frequencies are all but the highest one.

        Raises:
            ValueError: an argument is out of its range.
        """
        super().__init__()
        if m < 1:
            raise ValueError(f"m must be 1 or more, got {m}")
        if not (math.isfinite(lmbda) and lmbda >= 0):
            raise ValueError(f"lmbda must be a finite number, 0 or more, got {lmbda}")
        circle = 2 * m if circle_frames is None else circle_frames
        if m > circle // 2 + 1:
            raise ValueError(
                f"a circle of {circle} frames has {circle // 2 + 1} frequencies, of which m={m} are wanted"
            )
        self.m = m
        self.lmbda = float(lmbda)
        self.circle_frames = circle

    def extra_repr(self) -> str:
        """Settings, for ``print(model)``."""
        return f"m={self.m}, lmbda={self.lmbda}, circle_frames={self.circle_frames}"

    def forward(self, frame_features: Tensor, timestamps: Tensor) -> Tensor:
        """Same as :meth:`single_fv`."""
        return self.single_fv(frame_features, timestamps)

    def single_fv(self, frame_features: Tensor, timestamps: Tensor) -> Tensor:
        """Descriptors of a batch of videos.

        Shorter videos are padded with zero features; the timestamps of padding do not matter but must be finite.

        Args:
            frame_features: [B, T, d], floating point.
            timestamps: [B, T], in frames; rounded to whole ones. Features of one frame are added up.

        Returns:
            [B, m, d], complex128 for float64 features, else complex64.

        Raises:
            ValueError: shapes do not fit, or a timestamp is not finite.
            TypeError: the features are not floating point.
        """
        check_frames(frame_features, timestamps)
        self._warn_of_folding(frame_features, timestamps)
        batch, _, dimensions = frame_features.shape
        dtype = torch.float64 if frame_features.dtype == torch.float64 else torch.float32
        frames = torch.remainder(timestamps.double().round(), self.circle_frames).long()[:, None]
        at_once = max(1, _CHUNK_VALUES // max(1, batch * self.circle_frames))
        parts = []
        for part in torch.split(frame_features, at_once, dim=2):
            padded = part.new_zeros((batch, part.shape[2], self.circle_frames), dtype=dtype)
            padded = padded.scatter_add(2, frames.expand(-1, part.shape[2], -1), part.to(dtype).transpose(1, 2))
            parts.append(torch.fft.rfft(padded, dim=2)[:, :, : self.m].transpose(1, 2))
        if not parts:
            return torch.zeros((batch, self.m, dimensions), dtype=dtype.to_complex(), device=frame_features.device)
        return torch.cat(parts, dim=2)

    def score_pair(self, fv_a: Tensor, fv_b: Tensor, offsets: Tensor) -> Tensor:
        """Scores pairs of videos at given time offsets.

        An offset is the time in a minus the time in b of the same content: if a starts 20 frames into b, the score
        peaks at -20. The filter is that of a: scores of one query are comparable with one another, and swapping the
        videos changes them.

        Args:
            fv_a: descriptors of the queries, [B, m, d], or [1, m, d] for one against all of fv_b.
            fv_b: descriptors of the other videos, the same shape.
            offsets: [B, K], or [1, K] for all pairs; in frames. Whole numbers are read off one inverse transform.

        Returns:
            [B, K], in the precision of the descriptors: 1 for a video with itself at 0; about 1 where b holds all of a,
            near 0 for unrelated content; 0 where a video has no content.

        Raises:
            ValueError: shapes do not fit.
            TypeError: a descriptor is not complex.
        """
        self._check(fv_a, "fv_a")
        self._check(fv_b, "fv_b")
        check_pairs(fv_a, fv_b, offsets)
        power = _products(fv_a, fv_a).real
        counts = self._counts(power.device)
        regularised = power + self.lmbda * (power @ counts / counts.sum())[:, None]
        heard = regularised > 0
        gain = torch.where(heard, 1.0 / torch.where(heard, regularised, 1.0), 0.0)
        energy = (gain * power) @ counts
        gain = gain / torch.where(energy > 0, energy, 1.0)[:, None]
        spectrum = _products(fv_a, fv_b) * gain
        offsets = offsets.to(device=power.device, dtype=torch.float64)
        read = self._at_whole_offsets if bool((offsets == offsets.round()).all()) else self._at_any_offsets
        return read(spectrum, offsets).to(fv_a.real.dtype)

    def shift_fv(self, fv: Tensor, offset: float | Tensor) -> Tensor:
        """Descriptors of the same videos with ``offset`` added to every timestamp.

        ``score_pair(a, b, offset)`` equals ``score_pair(a, shift_fv(b, offset), 0)``. Fractions of a frame are
        interpolated by the kept frequencies.

        Args:
            fv: [B, m, d].
            offset: one number, or one for each video, [B]; in frames.

        Returns:
            The shape and type of fv.

        Raises:
            ValueError: shapes do not fit.
            TypeError: the descriptor is not complex.
        """
        self._check(fv, "fv")
        return fv * self._turns(one_offset_each(offset, fv)[:, None]).conj()[:, 0, :, None].to(fv.dtype)

    def _at_whole_offsets(self, spectrum: Tensor, offsets: Tensor) -> Tensor:
        """Reads [B, m] spectra at whole offsets [B, K] or [1, K]: one inverse transform gives all N of them."""
        at_once = max(1, _CHUNK_VALUES // self.circle_frames)
        rows = torch.remainder(offsets, self.circle_frames).long().expand(len(spectrum), -1)
        parts = [
            torch.fft.irfft(some, n=self.circle_frames, dim=1, norm="forward").gather(1, wanted)
            for some, wanted in zip(torch.split(spectrum, at_once), torch.split(rows, at_once), strict=True)
        ]
        return torch.cat(parts)

    def _at_any_offsets(self, spectrum: Tensor, offsets: Tensor) -> Tensor:
        """The same, term by term."""
        weighted = (spectrum * self._counts(spectrum.device))[:, :, None]
        at_once = max(1, _CHUNK_VALUES // (len(offsets) * self.m))
        parts = [(self._turns(part) @ weighted)[:, :, 0].real for part in torch.split(offsets, at_once, dim=1)]
        return torch.cat(parts, dim=1)

    def _turns(self, offsets: Tensor) -> Tensor:
        """exp(2 pi i k s / N) at offsets [B, K]: complex128 [B, K, m]."""
        # Whole turns are dropped before the multiplication by k, where they would cost digits.
        turns = torch.remainder(offsets / self.circle_frames, 1.0)
        order = torch.arange(self.m, dtype=torch.float64, device=offsets.device)
        angles = turns[:, :, None] * (2.0 * math.pi * order)
        return torch.polar(torch.ones_like(angles), angles)

    def _counts(self, device: torch.device) -> Tensor:
        """How often each kept frequency stands in the whole spectrum, float64 [m]."""
        counts = torch.full((self.m,), 2.0, dtype=torch.float64, device=device)
        counts[0] = 1.0
        if 2 * (self.m - 1) == self.circle_frames:
            counts[-1] = 1.0
        return counts

    def _check(self, fv: Tensor, name: str) -> None:
        if not fv.is_complex():
            raise TypeError(f"{name} must be complex, as single_fv gives it, got {fv.dtype}")
        if fv.ndim != 3 or fv.shape[1] != self.m:
            raise ValueError(f"{name} must be [B, {self.m}, d], got {tuple(fv.shape)}")

    def _warn_of_folding(self, frame_features: Tensor, timestamps: Tensor) -> None:
        used = timestamps[(frame_features != 0).any(dim=2)]
        if used.numel() and float(used.max() - used.min()) >= self.circle_frames:
            logger.warning(
                "a video spans %.0f frames, but the circle has %d: it is folded and its offsets are ambiguous; give "
                "circle_frames at least the sum of the lengths of the two longest videos",
                float(used.max() - used.min()) + 1,
                self.circle_frames,
            )


def _products(fv_a: Tensor, fv_b: Tensor) -> Tensor:
    """Sum over the components of a times the conjugate of b: [B, m, d] or [1, m, d] to complex128 [B, m]."""
    pairs = max(len(fv_a), len(fv_b))
    a, b = (fv.expand(pairs, -1, -1) for fv in (fv_a, fv_b))
    at_once = max(1, _BLOCK_VALUES // max(1, a[:1].numel()))
    blocks = zip(torch.split(a, at_once), torch.split(b, at_once), strict=True)
    parts = [torch.linalg.vecdot(some_b, some_a).to(torch.complex128) for some_a, some_b in blocks]
    return torch.cat(parts)
