"""The Temporal Match Kernel with learned coefficients.

Source: Baraldi et al., "LAMV: Learning to Align and Match Videos with Kernelized Temporal Layers", CVPR 2018.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from vdup.errors import WeightsError
from vdup.temporal.arguments import check_frames
from vdup.temporal.tmk import TMK, fourier_coefficients

Fact = str | int | float

_FORMAT = "lamv-1"
_TENSOR = "roots"


class LAMV(TMK):
    """Temporal Match Kernel whose Fourier coefficients are parameters.

    The kernel over time differences becomes ``k_p(t) = sum_n r_pn^2 cos(2 pi n t / T_p)`` for each period ``T_p``. The
    parameters are the roots ``r_pn``, so a coefficient cannot become negative: the kernel stays positive definite, and
    descriptors with the rows ``|r_pn|`` times a wave exist for it. At the start the coefficients are those of
    :class:`TMK`, and so are all scores. Gradients flow to the parameters and to the features.

    ``python -m vdup.train +experiment=lamv`` learns them; :meth:`load` reads its file.
    """

    def __init__(self, periods: Sequence[float], m: int, normalization: str = "feat_freq", beta: float = 32.0) -> None:
        """Sets the kernel at its start; the arguments and errors are those of :class:`TMK`."""
        super().__init__(periods, m, normalization, beta)
        start = torch.tensor(fourier_coefficients(m, beta), dtype=torch.float64).sqrt().float()
        self.roots = nn.Parameter(start.repeat(len(self.periods), 1))

    @property
    def coefficients(self) -> Tensor:
        """Learned coefficients ``r_pn^2``, at least 0: [periods, m]."""
        return self.roots.square()

    def unweighted_fv(self, frame_features: Tensor, timestamps: Tensor) -> Tensor:
        """What descriptors are made from, which the parameters do not shape; see :meth:`weighted_fv`.

        Args:
            frame_features: [B, T, d], floating point.
            timestamps: [B, T], in the unit of the periods.

        Returns:
            [B, periods, 2m, d]; float64 for float64 features, else float32.

        Raises:
            ValueError: shapes do not fit, or a timestamp is not finite.
            TypeError: the features are not floating point.
        """
        check_frames(frame_features, timestamps)
        return self._sum(frame_features, timestamps, weighted=False)

    def weighted_fv(self, unweighted: Tensor) -> Tensor:
        """Descriptors from :meth:`unweighted_fv`: the same as :meth:`single_fv`, without another look at the frames.

        Args:
            unweighted: [B, periods, 2m, d].

        Returns:
            The same shape and type.

        Raises:
            ValueError: the shape does not fit.
        """
        self._check(unweighted, "unweighted")
        weights = self._root_coefficients(unweighted.device).repeat(1, 2).to(unweighted.dtype)
        return unweighted * weights[:, :, None]

    def save(self, path: Path, facts: Mapping[str, Fact]) -> None:
        """Writes the kernel to a safetensors file.

        Args:
            path: file to write.
            facts: kept in the header, for people: what it was trained on.

        Raises:
            OSError: it cannot be written.
        """
        header = {
            "format": _FORMAT,
            "periods": self.periods,
            "m": self.m,
            "normalization": self.normalization,
            "beta": self.beta,
            "trained_on": dict(facts),
        }
        tensors = {_TENSOR: self.roots.detach().cpu().contiguous()}
        path.write_bytes(save(tensors, metadata={"vdup": json.dumps(header, sort_keys=True)}))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads a file of :meth:`save`, for use: its parameters take no gradients.

        Raises:
            WeightsError: the file is missing, damaged or of another kind.
        """
        try:
            with safe_open(str(path), framework="pt") as file:
                header = json.loads((file.metadata() or {}).get("vdup", "null"))
                roots = file.get_tensor(_TENSOR).float()
            if header["format"] != _FORMAT:
                raise ValueError(f"format {header['format']}")
            model = cls(header["periods"], header["m"], header["normalization"], header["beta"])
            if not bool(torch.isfinite(roots).all()):
                raise ValueError("coefficients that are not finite")
            model.load_state_dict({_TENSOR: roots})
        except (OSError, SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
            raise WeightsError(
                f"{path}: not a usable file of a learned kernel ({error}); make one with "
                "'python -m vdup.train +experiment=lamv data.images=DIR output=FILE'"
            ) from error
        return model.eval().requires_grad_(False)

    def _root_coefficients(self, device: torch.device) -> Tensor:
        return self.roots.abs().double().to(device)
