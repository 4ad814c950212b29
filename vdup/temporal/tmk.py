"""The Temporal Match Kernel: one descriptor for a whole video, comparable at every time offset.

Sources: Poullot et al., "Temporal Matching Kernel with Explicit Feature Maps", ACM Multimedia 2015 (TMK); Baraldi et
al., "LAMV: Learning to Align and Match Videos with Kernelized Temporal Layers", CVPR 2018 (the normalisations).
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vdup.temporal.arguments import check_frames, check_pairs, one_offset_each

NORMALIZATIONS = ("feat", "freq", "feat_freq", "matrix")
"""Names that :class:`TMK` knows."""

POULLOT_PERIODS = (2731.0, 4391.0, 9767.0, 14653.0)
"""Periods of the ACM MM 2015 paper, in frames at 15 a second."""

_CHUNK_ANGLES = 1 << 22
"""Most values of one trigonometric table: 32 MiB in float64, whatever the length of the video."""

_BLOCK_VALUES = 1 << 20
"""Most values of the descriptors that are normalised and compared at once: they stay in the processor's cache."""

_RELATIVE_SILENCE = 1e-6
"""A band or component this much weaker than the strongest of its period is rounding noise and is not amplified."""


def fourier_coefficients(m: int, beta: float) -> list[float]:
    """Weights of the first cosines of TMK's kernel over time differences.

    The kernel is the von Mises bump brought to 1 at no difference and 0 at half a period,
    ``(exp(beta cos x) - exp(-beta)) / (2 sinh beta)``. Its Fourier series is
    ``a_0 = (I_0(beta) - exp(-beta)) / (2 sinh beta)``, ``a_n = I_n(beta) / sinh(beta)``, with the modified Bessel
    functions ``I_n``. All of it is computed scaled by ``exp(-beta)``, so a large beta does not overflow. ``I_0`` comes
    from :func:`torch.special.i0e`; the higher orders from the ratios ``I_n / I_(n-1) = 1 / (2n / beta +
    I_(n+1) / I_n)``, run downwards from an order far above both m and beta. Downwards the recurrence is stable
    (Miller), and ratios do not overflow.

    Args:
        m: number of coefficients, 1 or more.
        beta: concentration of the bump, above 0; its width is about ``period / (2 pi sqrt(beta))``.

    Returns:
        ``a_0`` to ``a_(m-1)``, each at least 0, together at most 1.
    """
    ratio = 0.0
    ratios = [0.0] * (m + 1)
    for order in range(max(m, math.ceil(beta)) + 64, 0, -1):
        ratio = 1.0 / (2.0 * order / beta + ratio)
        if order <= m:
            ratios[order] = ratio
    bessel = float(torch.special.i0e(torch.tensor(beta, dtype=torch.float64)))
    scale = -math.expm1(-2.0 * beta)
    coefficients = [(bessel - math.exp(-2.0 * beta)) / scale]
    for order in range(1, m):
        bessel *= ratios[order]
        coefficients.append(2.0 * bessel / scale)
    return coefficients


def _length(squares: Tensor) -> Tensor:
    """Square root whose gradient at 0 is 0, not infinite: a component may be zero throughout a video."""
    positive = squares > 0
    return torch.where(positive, torch.where(positive, squares, 1.0).sqrt(), 0.0)


def _inverse(norms: Tensor, dims: tuple[int, ...]) -> Tensor:
    """1 / norms, and 0 where a norm is 0 or rounding noise beside the largest one along dims."""
    audible = norms > _RELATIVE_SILENCE * norms.amax(dims, keepdim=True)
    return torch.where(audible, 1.0 / torch.where(audible, norms, 1.0), 0.0)


class TMK(nn.Module):
    """Temporal Match Kernel with fixed coefficients.

    For every period T the descriptor of a video with features ``x_t`` at the times t is ``sum_t x_t (x)
    sqrt(a_n) [cos(2 pi n t / T), sin(2 pi n t / T)]``, n = 0 ... m-1: first the m cosine rows, then the m sine rows
    (that of n = 0 is zero). The product of two descriptors equals the sum of ``k(t - t') <x_t, y_t'>`` over all pairs
    of frames, k being the kernel of :func:`fourier_coefficients` cut after m terms, and a shift in time only turns
    each (cosine, sine) pair, which gives the score at any offset in closed form.

    :meth:`single_fv` gives the plain sum; the normalisation is applied by :meth:`score_pair`, once for each period:

    - ``matrix``: none but the last step below.
    - ``feat``: normalises along the feature axis. Each frequency n is brought to unit length before its weight: its
      cosine and sine rows are divided by ``sqrt(|C_n|^2 + |S_n|^2) / sqrt(a_n)``.
    - ``freq``: normalises along the frequency axis. Each of the d components is divided by the length of its column,
      over all 2m rows. This is what the ACM MM 2015 variant uses.
    - ``feat_freq``: ``feat``, then ``freq``. This is what the LAMV authors recommend without training.

    As the last step every descriptor is divided by its Frobenius length, so a score is a mean of cosines: 1 for a
    video with itself, never above 1. Two things differ from the authors' program. They divide by constants that depend
    on m and d alone, which orders the results the same way for ``freq`` and ``feat_freq`` as long as no component is
    zero throughout. And their ``feat`` brings the cosine row and the sine row to unit length apart, which changes with
    the start of the clock; taken together, as here, the score at the true offset of a shifted copy is exactly 1.

    Times are in the unit of the periods (published: frames at 15 a second, so seconds * 15). They should be taken from
    near the start of the video; angles are computed in float64 all the same.
    """

    def __init__(self, periods: Sequence[float], m: int, normalization: str = "feat_freq", beta: float = 32.0) -> None:
        """Sets the kernel.

        Args:
            periods: one or more periods, in the unit of the timestamps. Offsets further apart than their least common
                multiple cannot be told apart.
            m: number of frequencies.
            normalization: feat, freq, feat_freq or matrix.
            beta: concentration of the kernel.

        Raises:
            ValueError: an argument is out of its range.
        """
        super().__init__()
        if not periods or not all(math.isfinite(period) and period > 0 for period in periods):
            raise ValueError(f"periods must be one or more finite numbers above 0, got {list(periods)}")
        if m < 1:
            raise ValueError(f"m must be 1 or more, got {m}")
        if normalization not in NORMALIZATIONS:
            raise ValueError(f"normalization must be one of {', '.join(NORMALIZATIONS)}, got {normalization!r}")
        if not (math.isfinite(beta) and beta > 0):
            raise ValueError(f"beta must be a finite number above 0, got {beta}")
        self.periods = tuple(float(period) for period in periods)
        self.m = m
        self.normalization = normalization
        self.beta = float(beta)
        self._roots = [math.sqrt(value) for value in fourier_coefficients(m, self.beta)]

    def extra_repr(self) -> str:
        """Settings, for ``print(model)``."""
        return f"periods={self.periods}, m={self.m}, normalization={self.normalization!r}, beta={self.beta}"

    def forward(self, frame_features: Tensor, timestamps: Tensor) -> Tensor:
        """Same as :meth:`single_fv`."""
        return self.single_fv(frame_features, timestamps)

    def single_fv(self, frame_features: Tensor, timestamps: Tensor) -> Tensor:
        """Descriptors of a batch of videos.

        Shorter videos are padded with zero features; the timestamps of padding do not matter but must be finite.

        Args:
            frame_features: [B, T, d], floating point.
            timestamps: [B, T], in the unit of the periods.

        Returns:
            [B, periods, 2m, d], not normalised; float64 for float64 features, else float32.

        Raises:
            ValueError: shapes do not fit, or a timestamp is not finite.
            TypeError: the features are not floating point.
        """
        check_frames(frame_features, timestamps)
        return self._sum(frame_features, timestamps, weighted=True)

    def score_pair(self, fv_a: Tensor, fv_b: Tensor, offsets: Tensor) -> Tensor:
        """Scores pairs of videos at given time offsets.

        An offset is the time in a minus the time in b of the same content: if a starts 20 units into b, the score
        peaks at -20. Offsets that all pairs share, and a video that is compared with many, are given once: what
        depends on them alone is then computed once, which is most of the work.

        Args:
            fv_a: descriptors of the first videos, [B, periods, 2m, d], or [1, ...] for one against all of fv_b.
            fv_b: descriptors of the second videos, the same shape.
            offsets: [B, K], or [1, K] for all pairs; in the unit of the periods.

        Returns:
            [B, K], -1 to 1, in the type of the descriptors; 0 where a video has no content.

        Raises:
            ValueError: shapes do not fit.
        """
        self._check(fv_a, "fv_a")
        self._check(fv_b, "fv_b")
        check_pairs(fv_a, fv_b, offsets)
        spectrum = self._cross_spectrum(fv_a, fv_b)
        at_once = max(1, _CHUNK_ANGLES // max(1, len(offsets) * spectrum.shape[1]))
        parts = []
        for part in torch.split(offsets, at_once, dim=1):
            waves = self._waves(part, weighted=False)
            one_for_all = len(waves) == 1 and len(spectrum) > 1
            parts.append(spectrum @ waves[0] if one_for_all else torch.bmm(spectrum[:, None], waves)[:, 0])
        return torch.cat(parts, dim=1).to(fv_a.dtype)

    def _cross_spectrum(self, fv_a: Tensor, fv_b: Tensor) -> Tensor:
        """How well the waves of two videos agree, in phase and a quarter turn apart: float64 [B, periods * 2m]."""
        pairs = max(len(fv_a), len(fv_b))
        of_a = self._normalised(fv_a) if len(fv_a) == 1 else None
        of_b = self._normalised(fv_b) if len(fv_b) == 1 else None
        at_once = max(1, _BLOCK_VALUES // max(1, fv_a[:1].numel()))
        parts = [fv_a.new_zeros((0, len(self.periods) * 2 * self.m), dtype=torch.float64)]
        for first in range(0, pairs, at_once):
            block = slice(first, first + at_once)
            a = self._normalised(fv_a[block]) if of_a is None else of_a
            b = self._normalised(fv_b[block]) if of_b is None else of_b
            # Products [cosine or sine of a, cosine or sine of b] of every band.
            products = torch.einsum("bpxnd,bpynd->bpnxy", a, b).double()
            in_phase = products[..., 0, 0] + products[..., 1, 1]
            quarter_turn = products[..., 1, 0] - products[..., 0, 1]
            parts.append(torch.stack((in_phase, quarter_turn), dim=2).flatten(1) / len(self.periods))
        return torch.cat(parts)

    def shift_fv(self, fv: Tensor, offset: float | Tensor) -> Tensor:
        """Descriptors of the same videos with ``offset`` added to every timestamp.

        ``score_pair(a, b, offset)`` equals ``score_pair(a, shift_fv(b, offset), 0)``.

        Args:
            fv: [B, periods, 2m, d].
            offset: one number, or one for each video, [B]; in the unit of the periods.

        Returns:
            The shape and type of fv.

        Raises:
            ValueError: shapes do not fit.
        """
        self._check(fv, "fv")
        waves = self._waves(one_offset_each(offset, fv)[:, None], weighted=False).to(fv.dtype)
        cosine, sine = waves.reshape(len(fv), len(self.periods), 2, self.m, 1).unbind(2)
        old_cosine, old_sine = self._split(fv).unbind(2)
        return torch.cat((old_cosine * cosine - old_sine * sine, old_sine * cosine + old_cosine * sine), dim=2)

    def _sum(self, frame_features: Tensor, timestamps: Tensor, *, weighted: bool) -> Tensor:
        """Sum over the frames of feature times wave, [B, periods, 2m, d], over chunks of frames."""
        batch, length, dimensions = frame_features.shape
        dtype = torch.float64 if frame_features.dtype == torch.float64 else torch.float32
        rows = len(self.periods) * 2 * self.m
        frames_at_once = max(1, _CHUNK_ANGLES // max(1, batch * rows))
        total = frame_features.new_zeros((batch, rows, dimensions), dtype=torch.float64)
        for first in range(0, length, frames_at_once):
            chunk = slice(first, first + frames_at_once)
            waves = self._waves(timestamps[:, chunk], weighted=weighted).to(dtype)
            total = total + torch.bmm(waves, frame_features[:, chunk].to(dtype))
        return total.to(dtype).reshape(batch, len(self.periods), 2 * self.m, dimensions)

    def _waves(self, times: Tensor, *, weighted: bool) -> Tensor:
        """Cosine and sine rows at times [B, N]: float64 [B, periods * 2m, N]."""
        periods = torch.tensor(self.periods, dtype=torch.float64, device=times.device)
        # Whole turns are dropped before the multiplication by n, where they would cost digits.
        turns = torch.remainder(times.double()[:, None] / periods[:, None], 1.0)
        order = torch.arange(self.m, dtype=torch.float64, device=times.device)
        angles = turns[:, :, None] * (2.0 * math.pi * order[:, None])
        waves = torch.stack((angles.cos(), angles.sin()), dim=2)
        if weighted:
            waves = waves * self._root_coefficients(times.device)[:, None, :, None]
        return waves.flatten(1, 3)

    def _root_coefficients(self, device: torch.device) -> Tensor:
        """Square roots of the kernel's coefficients, at least 0: float64 [periods, m]."""
        return torch.tensor(self._roots, dtype=torch.float64, device=device).expand(len(self.periods), self.m)

    def _check(self, fv: Tensor, name: str) -> None:
        if fv.ndim != 4 or fv.shape[1:3] != (len(self.periods), 2 * self.m):
            raise ValueError(f"{name} must be [B, {len(self.periods)}, {2 * self.m}, d], got {tuple(fv.shape)}")

    def _split(self, fv: Tensor) -> Tensor:
        return fv.reshape(len(fv), len(self.periods), 2, self.m, fv.shape[3])

    def _normalised(self, fv: Tensor) -> Tensor:
        """Descriptors [B, periods, 2m, d] as [B, periods, 2 (cosine, sine), m, d], normalised."""
        bands = self._split(fv)
        # Every factor follows from the squares, so the descriptor itself is scaled in one pass.
        squares = bands.square().sum(dim=2)
        scale = torch.ones_like(squares)
        if "feat" in self.normalization:
            roots = self._root_coefficients(fv.device)
            kept = roots > 0
            unweighted = torch.where(kept, 1.0 / torch.where(kept, roots, 1.0), 0.0)[:, :, None]
            of_bands = _inverse(_length(squares.sum(dim=3, keepdim=True)) * unweighted, (2,)).to(fv.dtype)
            scale, squares = scale * of_bands, squares * of_bands.square()
        if "freq" in self.normalization:
            of_components = _inverse(_length(squares.sum(dim=2, keepdim=True)), (3,))
            scale, squares = scale * of_components, squares * of_components.square()
        scale = scale * _inverse(_length(squares.sum(dim=(2, 3), keepdim=True)), (2,))
        return bands * scale[:, :, None]


class TMK_Poullot(TMK):  # noqa: N801 - the published name
    """The Temporal Match Kernel as in the ACM MM 2015 paper: four periods, for timestamps in frames at 15 a second."""

    def __init__(self, m: int) -> None:
        """Sets the kernel.

        Args:
            m: number of frequencies.

        Raises:
            ValueError: m is below 1.
        """
        super().__init__(POULLOT_PERIODS, m, normalization="freq")
