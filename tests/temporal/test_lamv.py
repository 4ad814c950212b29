import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from vdup.errors import WeightsError
from vdup.temporal import LAMV, TMK
from vdup.temporal.tmk import NORMALIZATIONS, fourier_coefficients

PERIODS = (37.0, 101.0)


def random_video(seed: int, batch: int, length: int, dimensions: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    times = torch.rand(batch, length, generator=generator, dtype=torch.float64) * 300
    return torch.randn(batch, length, dimensions, generator=generator), times.sort(dim=1).values


def other_kernel(normalization: str = "feat_freq") -> LAMV:
    model = LAMV(PERIODS, m=6, normalization=normalization)
    with torch.no_grad():
        model.roots.copy_(torch.randn(2, 6, generator=torch.Generator().manual_seed(1)))
    return model


class TestStart:
    @pytest.mark.parametrize("normalization", NORMALIZATIONS)
    def test_is_the_fixed_kernel(self, normalization: str) -> None:
        fixed = TMK(PERIODS, 8, normalization, beta=16.0)
        learned = LAMV(PERIODS, 8, normalization, beta=16.0)
        torch.testing.assert_close(learned.coefficients[1].tolist(), fourier_coefficients(8, 16.0), rtol=1e-6, atol=0)
        videos = random_video(0, 2, 30, 5), random_video(1, 2, 20, 5)
        offsets = torch.tensor([[-4.0, 0.0, 11.5]])
        scores = []
        for model in (fixed, learned):
            fv_a, fv_b = (model.single_fv(*video) for video in videos)
            scores.append(model.score_pair(fv_a, fv_b, offsets))
        torch.testing.assert_close(scores[1], scores[0], rtol=1e-5, atol=1e-6)

    def test_refuses_what_the_fixed_kernel_refuses(self) -> None:
        with pytest.raises(ValueError, match="normalization"):
            LAMV(PERIODS, 8, "frequency")


class TestLearnedKernel:
    def test_matrix_equals_the_sum_over_pairs_of_frames(self) -> None:
        model = other_kernel("matrix")
        (x, x_times), (y, y_times) = random_video(2, 1, 9, 4), random_video(3, 1, 12, 4)
        offset = 4.5

        def kernel_sum(a: Tensor, a_times: Tensor, b: Tensor, b_times: Tensor, shift: float, period: int) -> float:
            total = 0.0
            for feature, time in zip(a[0].double(), a_times[0].tolist(), strict=True):
                for other, other_time in zip(b[0].double(), b_times[0].tolist(), strict=True):
                    angle = 2 * torch.pi * (time - other_time - shift) / PERIODS[period]
                    for n in range(model.m):
                        wave = torch.cos(torch.tensor(n * angle, dtype=torch.float64))
                        total += float(feature @ other) * float(model.coefficients[period, n].detach()) * float(wave)
            return total

        expected = 0.0
        for period in range(2):
            value = kernel_sum(x, x_times, y, y_times, offset, period)
            own = kernel_sum(x, x_times, x, x_times, 0, period) * kernel_sum(y, y_times, y, y_times, 0, period)
            expected += value / own**0.5 / 2
        model.requires_grad_(False)
        fv_x, fv_y = model.single_fv(x, x_times), model.single_fv(y, y_times)
        assert float(model.score_pair(fv_x, fv_y, torch.tensor([[offset]]))) == pytest.approx(expected, rel=1e-5)

    @pytest.mark.parametrize("normalization", NORMALIZATIONS)
    def test_a_video_scores_one_with_itself(self, normalization: str) -> None:
        model = other_kernel(normalization).requires_grad_(False)
        fv = model.single_fv(*random_video(4, 1, 20, 5))
        assert float(model.score_pair(fv, model.shift_fv(fv, 3.0), torch.tensor([[-3.0]]))) == pytest.approx(
            1, abs=1e-5
        )

    def test_a_sign_of_a_root_means_nothing(self) -> None:
        model = other_kernel()
        features, times = random_video(5, 1, 20, 5)
        before = model.single_fv(features, times)
        with torch.no_grad():
            model.roots.neg_()
        torch.testing.assert_close(model.single_fv(features, times), before)

    def test_weights_can_be_put_on_later(self) -> None:
        model = other_kernel()
        video = random_video(6, 2, 20, 5)
        torch.testing.assert_close(model.weighted_fv(model.unweighted_fv(*video)), model.single_fv(*video))
        with pytest.raises(ValueError, match="unweighted"):
            model.weighted_fv(torch.zeros(1, 2, 10, 5))

    @pytest.mark.parametrize("normalization", NORMALIZATIONS)
    def test_gradients_are_those_of_finite_differences(self, normalization: str) -> None:
        model = other_kernel(normalization).double()
        plain = [model.unweighted_fv(features.double(), times) for features, times in (random_video(7, 1, 15, 4),) * 2]
        plain[1] = model.shift_fv(plain[1], 5.0) + 0.5 * plain[1].flip(3)

        def score() -> Tensor:
            a, b = (model.weighted_fv(fv) for fv in plain)
            return model.score_pair(a, b, torch.tensor([[2.0]])).sum()

        (gradient,) = torch.autograd.grad(score(), model.roots)
        with torch.no_grad():
            for place in [(period, n) for period in range(2) for n in range(model.m)]:
                values = []
                for step in (1e-6, -2e-6):  # forth, then back beyond the start
                    model.roots[place] += step
                    values.append(float(score()))
                model.roots[place] += 1e-6
                assert float(gradient[place]) == pytest.approx((values[0] - values[1]) / 2e-6, rel=1e-4, abs=1e-7)


class TestFile:
    def test_comes_back_as_it_was(self, tmp_path: Path) -> None:
        model = other_kernel("freq")
        model.save(tmp_path / "k.safetensors", {"clips": 3})
        again = LAMV.load(tmp_path / "k.safetensors")
        assert (again.periods, again.m, again.normalization, again.beta) == (PERIODS, 6, "freq", 32.0)
        assert torch.equal(again.roots, model.roots)
        assert not again.roots.requires_grad
        video = random_video(9, 1, 20, 5)
        assert torch.equal(again.single_fv(*video), model.single_fv(*video).detach())

    @pytest.mark.parametrize(
        ("tensors", "header", "named"),
        [
            ({"other": torch.zeros(1)}, {}, "roots"),
            ({"roots": torch.zeros(2, 6)}, {"format": "else"}, "format else"),
            ({"roots": torch.zeros(2, 5)}, {}, "size mismatch"),
            ({"roots": torch.full((2, 6), torch.nan)}, {}, "not finite"),
            ({"roots": torch.zeros(2, 6)}, {"m": 0}, "m must be"),
            ({"roots": torch.zeros(2, 6)}, {"periods": 3}, "not a usable file"),
        ],
    )
    def test_others_are_refused(
        self, tmp_path: Path, tensors: dict[str, Tensor], header: dict[str, object], named: str
    ) -> None:
        whole = {"format": "lamv-1", "periods": PERIODS, "m": 6, "normalization": "feat", "beta": 32.0} | header
        path = tmp_path / "k.safetensors"
        save_file(tensors, str(path), metadata={"vdup": json.dumps(whole)})
        with pytest.raises(WeightsError, match=named):
            LAMV.load(path)

    def test_a_missing_or_broken_one_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(WeightsError, match=r"experiment=lamv"):
            LAMV.load(tmp_path / "none.safetensors")
        (tmp_path / "k.safetensors").write_bytes(b"nonsense")
        with pytest.raises(WeightsError, match=r"k\.safetensors"):
            LAMV.load(tmp_path / "k.safetensors")
