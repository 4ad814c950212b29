import itertools
import math

import numpy as np
import pytest
import torch
from torch import Tensor

import vdup.temporal.tmk as tmk_module
from vdup.temporal import TMK, TMK_Poullot
from vdup.temporal.tmk import NORMALIZATIONS, POULLOT_PERIODS, fourier_coefficients

PERIODS = (37.0, 101.0)


def bessel_by_integral(order: int, beta: float) -> float:
    """exp(-beta) I_order(beta): the mean of exp(beta (cos x - 1)) cos(order x) over a turn."""
    x = np.arange(20_000) * (2 * math.pi / 20_000)
    return float(np.mean(np.exp(beta * (np.cos(x) - 1)) * np.cos(order * x)))


def direct_descriptor(features: Tensor, times: Tensor, periods: tuple[float, ...], m: int, beta: float) -> Tensor:
    """[periods, 2m, d] by plain loops."""
    weights = [math.sqrt(value) for value in fourier_coefficients(m, beta)]
    result = torch.zeros(len(periods), 2 * m, features.shape[1], dtype=torch.float64)
    for p, period in enumerate(periods):
        for feature, time in zip(features.double(), times.tolist(), strict=True):
            for n in range(m):
                angle = 2 * math.pi * n * time / period
                result[p, n] += weights[n] * math.cos(angle) * feature
                result[p, m + n] += weights[n] * math.sin(angle) * feature
    return result


def direct_normalisation(descriptor: Tensor, normalization: str, m: int, beta: float) -> Tensor:
    """One period, [2m, d], by plain loops."""
    weights = [math.sqrt(value) for value in fourier_coefficients(m, beta)]
    result = descriptor.clone()
    if "feat" in normalization:
        for n in range(m):
            length = math.sqrt(sum(float(v) ** 2 for v in [*result[n], *result[m + n]])) / weights[n]
            result[n] /= length
            result[m + n] /= length
    if "freq" in normalization:
        for component in range(result.shape[1]):
            result[:, component] /= math.sqrt(sum(float(v) ** 2 for v in result[:, component]))
    return result / math.sqrt(sum(float(v) ** 2 for v in result.flatten()))


def direct_score(a: Tensor, b: Tensor, offset: float, model: TMK) -> float:
    """Score of two raw descriptors [periods, 2m, d] at one offset by plain loops."""
    total = 0.0
    for p, period in enumerate(model.periods):
        left = direct_normalisation(a[p], model.normalization, model.m, model.beta)
        right = direct_normalisation(b[p], model.normalization, model.m, model.beta)
        for n in range(model.m):
            angle = 2 * math.pi * n * offset / period
            cosine = right[n] * math.cos(angle) - right[model.m + n] * math.sin(angle)
            sine = right[model.m + n] * math.cos(angle) + right[n] * math.sin(angle)
            total += float(left[n] @ cosine + left[model.m + n] @ sine)
    return total / len(model.periods)


def random_video(seed: int, batch: int, length: int, dimensions: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    times = torch.rand(batch, length, generator=generator, dtype=torch.float64) * 300
    return torch.randn(batch, length, dimensions, generator=generator), times.sort(dim=1).values


class TestFourierCoefficients:
    @pytest.mark.parametrize("beta", [0.05, 1.0, 32.0, 500.0])
    def test_equal_the_integrals(self, beta: float) -> None:
        scale = (1 - math.exp(-2 * beta)) / 2
        expected = [(bessel_by_integral(0, beta) - math.exp(-2 * beta)) / (2 * scale)]
        expected += [bessel_by_integral(n, beta) / scale for n in range(1, 24)]
        np.testing.assert_allclose(fourier_coefficients(24, beta), expected, rtol=1e-9, atol=1e-14)

    def test_sum_up_to_the_bump(self) -> None:
        beta = 32.0
        coefficients = fourier_coefficients(64, beta)
        for x in np.linspace(0, math.pi, 13):
            bump = (math.exp(beta * (math.cos(x) - 1)) - math.exp(-2 * beta)) / (1 - math.exp(-2 * beta))
            assert sum(a * math.cos(n * x) for n, a in enumerate(coefficients)) == pytest.approx(bump, abs=1e-12)

    def test_many_terms_and_a_sharp_bump_stay_finite(self) -> None:
        for m, beta in [(500, 0.01), (500, 32.0), (10, 1e5)]:
            coefficients = fourier_coefficients(m, beta)
            assert all(math.isfinite(value) and value >= 0 for value in coefficients)
            assert sum(coefficients) <= 1 + 1e-12


class TestSingleFV:
    @pytest.mark.parametrize(
        ("batch", "length", "dimensions", "m"),
        [(1, 1, 1, 1), (1, 40, 3, 5), (3, 17, 4, 8), (5, 2, 6, 3), (2, 90, 2, 12)],
    )
    def test_equals_the_direct_sum(self, batch: int, length: int, dimensions: int, m: int) -> None:
        features, times = random_video(0, batch, length, dimensions)
        model = TMK(PERIODS, m=m)
        descriptors = model.single_fv(features, times)
        assert descriptors.shape == (batch, 2, 2 * m, dimensions)
        assert descriptors.dtype == torch.float32
        for row in range(batch):
            expected = direct_descriptor(features[row], times[row], PERIODS, m, 32.0)
            error = torch.linalg.vector_norm(descriptors[row].double() - expected)
            assert error <= 1e-5 * torch.linalg.vector_norm(expected)

    def test_float64_stays_exact(self) -> None:
        features, times = random_video(1, 1, 30, 4)
        descriptor = TMK(PERIODS, m=6).single_fv(features.double(), times)
        assert descriptor.dtype == torch.float64
        expected = direct_descriptor(features[0], times[0], PERIODS, 6, 32.0)
        torch.testing.assert_close(descriptor[0], expected, rtol=1e-10, atol=1e-12)

    def test_late_times_keep_their_digits(self) -> None:
        features, times = random_video(2, 1, 20, 3)
        model = TMK((64.0,), m=16)
        late = model.single_fv(features, times + 64.0 * 2**20)
        torch.testing.assert_close(late, model.single_fv(features, times), rtol=0, atol=1e-5)

    def test_padding_changes_nothing(self) -> None:
        features, times = random_video(3, 2, 12, 4)
        padded = torch.cat((features, torch.zeros(2, 30, 4)), dim=1)
        padded_times = torch.cat((times, torch.full((2, 30), 7.0, dtype=torch.float64)), dim=1)
        model = TMK(PERIODS, m=5)
        torch.testing.assert_close(model.single_fv(padded, padded_times), model.single_fv(features, times))

    def test_the_sine_of_order_zero_is_zero(self) -> None:
        descriptor = TMK(PERIODS, m=4).single_fv(*random_video(4, 1, 9, 2))
        assert not descriptor[:, :, 4].any()
        assert descriptor[:, :, 0].all()

    def test_chunks_change_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        features, times = random_video(5, 2, 50, 3)
        model = TMK(PERIODS, m=4)
        whole = model.single_fv(features, times)
        monkeypatch.setattr(tmk_module, "_CHUNK_ANGLES", 7 * 2 * 2 * 8)
        torch.testing.assert_close(model.single_fv(features, times), whole)

    def test_two_hours_stay_within_the_table_limit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        largest = 0
        waves = TMK._waves

        def watched(self: TMK, times: Tensor, *, weighted: bool) -> Tensor:
            nonlocal largest
            table = waves(self, times, weighted=weighted)
            largest = max(largest, table.numel())
            return table

        monkeypatch.setattr(TMK, "_waves", watched)
        frames = 2 * 3600 * 15
        TMK_Poullot(16).single_fv(torch.ones(1, frames, 2), torch.arange(frames)[None])
        assert 0 < largest <= tmk_module._CHUNK_ANGLES < frames * 4 * 32

    def test_an_empty_video_is_all_zero(self) -> None:
        descriptor = TMK(PERIODS, m=3).single_fv(torch.zeros(2, 0, 5), torch.zeros(2, 0))
        assert descriptor.shape == (2, 2, 6, 5)
        assert not descriptor.any()

    def test_is_the_forward_pass_and_lets_gradients_through(self) -> None:
        features, times = random_video(6, 1, 8, 3)
        features.requires_grad_()
        model = TMK(PERIODS, m=3)
        descriptor = model(features, times)
        score = model.score_pair(descriptor, descriptor, torch.tensor([[3.0]])).sum()
        (gradient,) = torch.autograd.grad(score, features)
        assert torch.isfinite(gradient).all()
        assert gradient.any()

    def test_refuses_what_does_not_fit(self) -> None:
        model = TMK(PERIODS, m=3)
        with pytest.raises(ValueError, match=r"\[B, T, d\]"):
            model.single_fv(torch.zeros(1, 4, 2), torch.zeros(1, 5))
        with pytest.raises(ValueError, match="finite"):
            model.single_fv(torch.zeros(1, 2, 2), torch.tensor([[0.0, math.nan]]))
        with pytest.raises(TypeError, match="floating point"):
            model.single_fv(torch.zeros(1, 2, 2, dtype=torch.int64), torch.zeros(1, 2))


class TestScorePair:
    @pytest.mark.parametrize("normalization", NORMALIZATIONS)
    def test_equals_the_direct_sum(self, normalization: str) -> None:
        model = TMK(PERIODS, m=6, normalization=normalization)
        fv_a, fv_b = (model.single_fv(*random_video(seed, 2, length, 5)) for seed, length in ((7, 23), (8, 31)))
        offsets = torch.tensor([[-40.0, 0.0, 12.5, 1e5], [3.0, -7.0, 0.25, 400.0]], dtype=torch.float64)
        scores = model.score_pair(fv_a, fv_b, offsets)
        for row, column in itertools.product(range(2), range(4)):
            expected = direct_score(fv_a[row].double(), fv_b[row].double(), float(offsets[row, column]), model)
            assert float(scores[row, column]) == pytest.approx(expected, rel=1e-5, abs=1e-6)

    def test_matrix_equals_the_sum_over_pairs_of_frames(self) -> None:
        """The definition of the kernel, without any descriptor."""
        period, m, offset = 53.0, 7, 4.5
        model = TMK((period,), m=m, normalization="matrix")
        coefficients = fourier_coefficients(m, model.beta)
        video_a, video_b = random_video(9, 1, 13, 4), random_video(10, 1, 11, 4)

        def kernel_sum(x: tuple[Tensor, Tensor], y: tuple[Tensor, Tensor], shift: float) -> float:
            total = 0.0
            for feature, time in zip(x[0][0].double(), x[1][0].tolist(), strict=True):
                for other, other_time in zip(y[0][0].double(), y[1][0].tolist(), strict=True):
                    angle = 2 * math.pi * (time - other_time - shift) / period
                    total += float(feature @ other) * sum(a * math.cos(n * angle) for n, a in enumerate(coefficients))
            return total

        expected = kernel_sum(video_a, video_b, offset)
        expected /= math.sqrt(kernel_sum(video_a, video_a, 0) * kernel_sum(video_b, video_b, 0))
        score = model.score_pair(model.single_fv(*video_a), model.single_fv(*video_b), torch.tensor([[offset]]))
        assert float(score) == pytest.approx(expected, rel=1e-5)

    @pytest.mark.parametrize("normalization", NORMALIZATIONS)
    def test_a_shifted_copy_scores_one_at_its_offset_and_less_elsewhere(self, normalization: str) -> None:
        model = TMK(PERIODS, m=8, normalization=normalization)
        features, times = random_video(11, 1, 40, 16)
        offsets = torch.arange(-30.0, 31.0, 0.5, dtype=torch.float64)[None]
        scores = model.score_pair(model.single_fv(features, times), model.single_fv(features, times + 12), offsets)
        assert float(offsets[0, scores[0].argmax()]) == -12.0
        assert float(scores.max()) == pytest.approx(1.0, abs=1e-5)
        assert float(scores.abs().max()) <= 1 + 1e-5

    def test_finds_an_excerpt_inside_a_longer_video(self) -> None:
        generator = torch.Generator().manual_seed(12)
        whole = torch.randn(1, 400, 512, generator=generator)
        model = TMK_Poullot(64)
        fv_excerpt = model.single_fv(whole[:, 120:320], torch.arange(200.0)[None])
        fv_whole = model.single_fv(whole, torch.arange(400.0)[None])
        offsets = torch.arange(-400.0, 400.0)[None]
        best = model.score_pair(fv_excerpt, fv_whole, offsets)[0].argmax()
        assert abs(float(offsets[0, best]) + 120) <= 2

    def test_each_pair_has_its_own_offsets(self) -> None:
        model = TMK(PERIODS, m=8)
        features, times = random_video(13, 2, 20, 6)
        shifts = torch.tensor([[5.0], [-9.0]], dtype=torch.float64)
        fv, shifted = model.single_fv(features, times), model.single_fv(features, times + shifts)
        torch.testing.assert_close(model.score_pair(fv, shifted, -shifts), torch.ones(2, 1), rtol=0, atol=1e-5)

    def test_chunks_change_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        model = TMK(PERIODS, m=4)
        fv = model.single_fv(*random_video(14, 2, 20, 3))
        offsets = torch.linspace(-50, 50, 23, dtype=torch.float64).repeat(2, 1)
        whole = model.score_pair(fv, fv.flip(0), offsets)
        monkeypatch.setattr(tmk_module, "_CHUNK_ANGLES", 5 * 2 * 2 * 8)
        torch.testing.assert_close(model.score_pair(fv, fv.flip(0), offsets), whole)

    @pytest.mark.parametrize("normalization", NORMALIZATIONS)
    def test_nothing_scores_zero(self, normalization: str) -> None:
        model = TMK(PERIODS, m=4, normalization=normalization)
        nothing = model.single_fv(torch.zeros(1, 5, 3), torch.arange(5.0)[None])
        video = model.single_fv(*random_video(15, 1, 20, 3))
        assert not model.score_pair(nothing, video, torch.tensor([[0.0, 3.0]])).any()

    @pytest.mark.parametrize("normalization", NORMALIZATIONS)
    def test_components_that_are_always_zero_do_not_lower_the_score(self, normalization: str) -> None:
        model = TMK(PERIODS, m=4, normalization=normalization)
        features, times = random_video(16, 1, 20, 6)
        features[..., 2:4] = 0
        fv = model.single_fv(features, times)
        assert float(model.score_pair(fv, fv, torch.zeros(1, 1))) == pytest.approx(1.0, abs=1e-5)

    @pytest.mark.parametrize("normalization", NORMALIZATIONS)
    def test_gradients_stay_finite_beside_components_that_are_always_zero(self, normalization: str) -> None:
        model = TMK(PERIODS, m=4, normalization=normalization)
        features, times = random_video(20, 1, 20, 6)
        features[..., 2:4] = 0
        features.requires_grad_()
        other = model.single_fv(*random_video(21, 1, 20, 6))
        score = model.score_pair(model.single_fv(features, times), other, torch.zeros(1, 1)).sum()
        (gradient,) = torch.autograd.grad(score, features)
        assert torch.isfinite(gradient).all()
        assert gradient.any()

    def test_one_video_and_shared_offsets_serve_all_pairs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        model = TMK(PERIODS, m=6)
        query, others = model.single_fv(*random_video(22, 1, 12, 3)), model.single_fv(*random_video(23, 5, 20, 3))
        offsets = torch.tensor([[-3.5, 0.0, 9.0]])
        repeated = query.expand(5, -1, -1, -1).clone(), offsets.expand(5, -1).clone()
        forth = model.score_pair(repeated[0], others, repeated[1])
        torch.testing.assert_close(model.score_pair(query, others, offsets), forth)
        back = model.score_pair(others, repeated[0], repeated[1])
        torch.testing.assert_close(model.score_pair(others, query, offsets), back)
        monkeypatch.setattr(tmk_module, "_BLOCK_VALUES", 2 * 2 * 12 * 3)
        torch.testing.assert_close(model.score_pair(query, others, offsets), forth)

    def test_videos_without_content_at_a_single_moment(self) -> None:
        """Zero features, zero timestamps, and videos of different lengths."""
        model = TMK_Poullot(16)
        fv_a, fv_b = (model.single_fv(torch.zeros(1, length, 512), torch.zeros(1, length)) for length in (300, 400))
        scores = model.score_pair(fv_a, fv_b, torch.arange(-400, 400).view(1, -1).float())
        assert scores.shape == (1, 800)
        assert not scores.any()

    def test_rounding_noise_is_not_amplified(self) -> None:
        """A still picture over whole periods has no content above order 0, only rounding errors."""
        model = TMK((40.0,), m=8, normalization="feat")
        times = torch.arange(400.0)[None]
        still = model.single_fv(torch.ones(1, 400, 3), times)
        assert float(model.score_pair(still, still, torch.tensor([[11.0]]))) == pytest.approx(1.0, abs=1e-5)

    def test_refuses_what_does_not_fit(self) -> None:
        model = TMK(PERIODS, m=3)
        fv = torch.zeros(2, 2, 6, 4)
        with pytest.raises(ValueError, match="offsets"):
            model.score_pair(fv, fv, torch.zeros(3, 3))
        with pytest.raises(ValueError, match="one shape"):
            model.score_pair(fv, fv[..., :3], torch.zeros(2, 3))
        with pytest.raises(ValueError, match="fv_b"):
            model.score_pair(fv, torch.zeros(2, 2, 8, 4), torch.zeros(2, 3))


class TestShiftFV:
    def test_equals_shifted_timestamps(self) -> None:
        model = TMK(PERIODS, m=7)
        features, times = random_video(17, 3, 15, 4)
        shifts = torch.tensor([2.5, -31.0, 0.0], dtype=torch.float64)
        shifted = model.shift_fv(model.single_fv(features, times), shifts)
        torch.testing.assert_close(shifted, model.single_fv(features, times + shifts[:, None]), rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(
            model.shift_fv(model.single_fv(features, times), 6.0),
            model.single_fv(features, times + 6.0),
            rtol=1e-4,
            atol=1e-4,
        )

    def test_scoring_at_an_offset_is_scoring_the_shifted_video(self) -> None:
        model = TMK(PERIODS, m=7)
        fv_a, fv_b = model.single_fv(*random_video(18, 1, 15, 4)), model.single_fv(*random_video(19, 1, 22, 4))
        at_offset = model.score_pair(fv_a, fv_b, torch.tensor([[8.0]]))
        torch.testing.assert_close(at_offset, model.score_pair(fv_a, model.shift_fv(fv_b, 8.0), torch.zeros(1, 1)))

    def test_refuses_what_does_not_fit(self) -> None:
        with pytest.raises(ValueError, match="offset must be"):
            TMK(PERIODS, m=3).shift_fv(torch.zeros(2, 2, 6, 4), torch.zeros(3))


class TestSettings:
    @pytest.mark.parametrize(
        ("periods", "m", "normalization", "beta", "named"),
        [
            ((), 4, "feat", 32.0, "periods"),
            ((5.0, -1.0), 4, "feat", 32.0, "periods"),
            ((5.0,), 0, "feat", 32.0, "m must"),
            ((5.0,), 4, "frequency", 32.0, "normalization"),
            ((5.0,), 4, "feat", 0.0, "beta"),
            ((5.0,), 4, "feat", math.inf, "beta"),
        ],
    )
    def test_out_of_range_is_refused(
        self, periods: tuple[float, ...], m: int, normalization: str, beta: float, named: str
    ) -> None:
        with pytest.raises(ValueError, match=named):
            TMK(periods, m, normalization, beta)

    def test_poullot(self) -> None:
        model = TMK_Poullot(16)
        assert (model.periods, model.m, model.normalization, model.beta) == (POULLOT_PERIODS, 16, "freq", 32.0)
        assert "freq" in repr(model)
