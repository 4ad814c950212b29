import cmath
import logging
import math

import pytest
import torch
from torch import Tensor

import vdup.temporal.cte as cte_module
from vdup.temporal import CTE


def random_video(seed: int, batch: int, length: int, dimensions: int) -> tuple[Tensor, Tensor]:
    """Features, and numbers of frames in order with gaps between them."""
    generator = torch.Generator().manual_seed(seed)
    times = torch.rand(batch, 3 * length, generator=generator).argsort(dim=1)[:, :length].sort(dim=1).values
    return torch.randn(batch, length, dimensions, generator=generator), times


def direct_spectrum(features: Tensor, times: Tensor, model: CTE) -> list[list[complex]]:
    """[m][d] by plain loops."""
    circle = model.circle_frames
    return [
        [
            sum(
                value * cmath.exp(-2j * math.pi * k * time / circle)
                for value, time in zip(component, times.tolist(), strict=True)
            )
            for component in features.double().T.tolist()
        ]
        for k in range(model.m)
    ]


def direct_score(a: list[list[complex]], b: list[list[complex]], offset: float, model: CTE) -> float:
    """Score of two spectra [m][d] at one offset, as the class describes it."""
    circle = model.circle_frames
    counts = [1 if k == 0 or 2 * k == circle else 2 for k in range(model.m)]
    power = [sum(abs(value) ** 2 for value in row) for row in a]
    mean = sum(count * value for count, value in zip(counts, power, strict=True)) / sum(counts)

    def total(other: list[list[complex]], shift: float) -> float:
        result = 0.0
        for k in range(model.m):
            product = sum(x * y.conjugate() for x, y in zip(a[k], other[k], strict=True))
            turned = product * cmath.exp(2j * math.pi * k * shift / circle)
            result += counts[k] * turned.real / (power[k] + model.lmbda * mean)
        return result

    return total(b, offset) / total(a, 0.0)


class TestSingleFV:
    @pytest.mark.parametrize(
        ("batch", "length", "dimensions", "m", "circle"),
        [(1, 1, 1, 1, None), (2, 17, 3, 32, None), (3, 9, 2, 5, 64), (1, 40, 4, 61, 121), (1, 30, 3, 51, 100)],
    )
    def test_equals_the_direct_sum(self, batch: int, length: int, dimensions: int, m: int, circle: int | None) -> None:
        features, times = random_video(0, batch, length, dimensions)
        model = CTE(m, circle_frames=circle)
        descriptors = model.single_fv(features, times)
        assert descriptors.shape == (batch, m, dimensions)
        assert descriptors.dtype == torch.complex64
        for row in range(batch):
            expected = torch.tensor(direct_spectrum(features[row], times[row], model), dtype=torch.complex128)
            error = torch.linalg.vector_norm(descriptors[row] - expected)
            assert error <= 1e-5 * torch.linalg.vector_norm(expected)

    def test_float64_stays_exact(self) -> None:
        features, times = random_video(1, 1, 12, 2)
        model = CTE(20)
        descriptor = model.single_fv(features.double(), times)
        assert descriptor.dtype == torch.complex128
        expected = torch.tensor(direct_spectrum(features[0], times[0], model), dtype=torch.complex128)
        torch.testing.assert_close(descriptor[0], expected, rtol=1e-10, atol=1e-10)

    def test_padding_changes_nothing(self) -> None:
        features, times = random_video(2, 2, 12, 4)
        padded = torch.cat((features, torch.zeros(2, 30, 4)), dim=1)
        padded_times = torch.cat((times, torch.full((2, 30), 7)), dim=1)
        model = CTE(40)
        torch.testing.assert_close(model.single_fv(padded, padded_times), model.single_fv(features, times))

    def test_chunks_change_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        features, times = random_video(3, 2, 15, 7)
        model = CTE(32)
        whole = model.single_fv(features, times)
        monkeypatch.setattr(cte_module, "_CHUNK_VALUES", 3 * 2 * 64)
        torch.testing.assert_close(model.single_fv(features, times), whole)

    def test_two_hours_are_padded_a_few_components_at_a_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        largest = 0
        transform = torch.fft.rfft

        def watched(padded: Tensor, dim: int) -> Tensor:
            nonlocal largest
            largest = max(largest, padded.numel())
            spectrum: Tensor = transform(padded, dim=dim)
            return spectrum

        monkeypatch.setattr(torch.fft, "rfft", watched)
        frames, circle, dimensions = 2 * 3600 * 15, 1 << 18, 40
        CTE(16, circle_frames=circle).single_fv(torch.ones(1, frames, dimensions), torch.arange(frames)[None])
        assert 0 < largest <= cte_module._CHUNK_VALUES < circle * dimensions

    def test_an_empty_video_is_all_zero(self) -> None:
        descriptor = CTE(3).single_fv(torch.zeros(2, 0, 5), torch.zeros(2, 0))
        assert descriptor.shape == (2, 3, 5)
        assert not descriptor.any()
        assert CTE(3).single_fv(torch.zeros(2, 4, 0), torch.zeros(2, 4)).shape == (2, 3, 0)

    def test_folding_is_told(self, caplog: pytest.LogCaptureFixture) -> None:
        features, times = torch.ones(1, 9, 2), torch.arange(9.0)[None]
        with caplog.at_level(logging.WARNING):
            CTE(16).single_fv(features, times)
            features[0, 6:] = 0  # padding
            CTE(4).single_fv(features, times)
        assert not caplog.records
        CTE(2).single_fv(features, times)
        assert "spans 6 frames, but the circle has 4" in caplog.text

    def test_refuses_what_does_not_fit(self) -> None:
        with pytest.raises(ValueError, match=r"\[B, T, d\]"):
            CTE(3).single_fv(torch.zeros(1, 4, 2), torch.zeros(1, 5))
        with pytest.raises(ValueError, match="finite"):
            CTE(3).single_fv(torch.zeros(1, 2, 2), torch.tensor([[0.0, math.nan]]))
        with pytest.raises(TypeError, match="floating point"):
            CTE(3).single_fv(torch.zeros(1, 2, 2, dtype=torch.int64), torch.zeros(1, 2))


class TestScorePair:
    @pytest.mark.parametrize("offsets", [[-13.0, 0.0, 5.0, 140.0], [-13.0, 0.25, 7.5, 1e4]], ids=["whole", "any"])
    @pytest.mark.parametrize(
        ("m", "circle", "lmbda"), [(64, None, 0.1), (20, 128, 0.0), (65, 128, 2.0), (61, 121, 1.0)]
    )
    def test_equals_the_direct_sum(self, offsets: list[float], m: int, circle: int | None, lmbda: float) -> None:
        model = CTE(m, lmbda, circle)
        videos = [random_video(seed, 2, length, 5) for seed, length in ((4, 23), (5, 31))]
        fv_a, fv_b = (model.single_fv(*video) for video in videos)
        scores = model.score_pair(fv_a, fv_b, torch.tensor([offsets, offsets[::-1]]))
        for row, order in enumerate((offsets, offsets[::-1])):
            a, b = (direct_spectrum(features[row], times[row], model) for features, times in videos)
            for column, offset in enumerate(order):
                assert float(scores[row, column]) == pytest.approx(
                    direct_score(a, b, offset, model), rel=1e-5, abs=1e-6
                )

    def test_without_a_filter_it_is_the_correlation_of_the_frames(self) -> None:
        """On an odd circle all frequencies can be kept, and the sum over frequencies is one over time (Parseval)."""
        model = CTE(50, lmbda=1e9, circle_frames=99)
        (x, x_times), (y, y_times) = random_video(6, 1, 11, 4), random_video(7, 1, 15, 4)
        for offset in (-9, 0, 17):
            expected = 0.0
            for feature, time in zip(x[0].double(), x_times[0].tolist(), strict=True):
                for other, other_time in zip(y[0].double(), y_times[0].tolist(), strict=True):
                    if time - other_time == offset:
                        expected += float(feature @ other)
            expected /= float(x.double().square().sum())
            score = model.score_pair(model.single_fv(x, x_times), model.single_fv(y, y_times), torch.tensor([[offset]]))
            assert float(score) == pytest.approx(expected, rel=1e-5, abs=1e-6)

    def test_a_shifted_copy_scores_one_at_its_offset_and_less_elsewhere(self) -> None:
        model = CTE(64)
        features, times = random_video(8, 1, 20, 16)
        offsets = torch.arange(-30.0, 31.0, 0.5)[None]
        scores = model.score_pair(model.single_fv(features, times), model.single_fv(features, times + 12), offsets)
        assert float(offsets[0, scores[0].argmax()]) == -12.0
        assert float(scores.max()) == pytest.approx(1.0, abs=1e-5)

    def test_the_filter_makes_the_peak_of_slowly_changing_features_sharper(self) -> None:
        steps = torch.randn(1, 400, 64, generator=torch.Generator().manual_seed(9))
        features = torch.nn.functional.normalize(steps.cumsum(dim=1), dim=2)
        beside = {}
        for lmbda in (0.1, 1e6):
            model = CTE(512, lmbda)
            fv_excerpt = model.single_fv(features[:, 120:320], torch.arange(200.0)[None])
            fv_whole = model.single_fv(features, torch.arange(400.0)[None])
            at, near = model.score_pair(fv_excerpt, fv_whole, torch.tensor([[-120.0, -110.0]]))[0].tolist()
            beside[lmbda] = near / at
        assert beside[0.1] < 0.7 * beside[1e6]

    @pytest.mark.parametrize(("m", "width"), [(512, 0), (128, 2)])
    def test_finds_an_excerpt_inside_a_longer_video(self, m: int, width: int) -> None:
        whole = torch.randn(1, 400, 128, generator=torch.Generator().manual_seed(10))
        model = CTE(m, circle_frames=1024)
        fv_excerpt = model.single_fv(whole[:, 120:320], torch.arange(200.0)[None])
        fv_whole = model.single_fv(whole, torch.arange(400.0)[None])
        offsets = torch.arange(-400.0, 400.0)[None]
        best = model.score_pair(fv_excerpt, fv_whole, offsets)[0].argmax()
        assert abs(float(offsets[0, best]) + 120) <= width

    def test_one_query_and_shared_offsets_serve_all_pairs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        model = CTE(32)
        query, others = model.single_fv(*random_video(11, 1, 12, 3)), model.single_fv(*random_video(12, 5, 20, 3))
        for offsets in (torch.tensor([[-3.0, 0.0, 9.0]]), torch.tensor([[-3.5, 0.0, 9.0]])):
            expected = model.score_pair(query.expand(5, -1, -1).clone(), others, offsets.expand(5, -1).clone())
            torch.testing.assert_close(model.score_pair(query, others, offsets), expected)
            with monkeypatch.context() as patch:
                patch.setattr(cte_module, "_CHUNK_VALUES", 2 * 64)
                patch.setattr(cte_module, "_BLOCK_VALUES", 2 * 32 * 3)
                torch.testing.assert_close(model.score_pair(query, others, offsets), expected)

    @pytest.mark.parametrize("lmbda", [0.0, 0.1])
    def test_nothing_scores_zero(self, lmbda: float) -> None:
        model = CTE(64, lmbda)
        nothing = model.single_fv(torch.zeros(1, 300, 3), torch.zeros(1, 300))
        video = model.single_fv(*random_video(13, 1, 20, 3))
        for a, b in ((nothing, video), (video, nothing), (nothing, nothing)):
            assert not model.score_pair(a, b, torch.tensor([[0.0, 3.0]])).any()

    def test_refuses_what_does_not_fit(self) -> None:
        fv = torch.zeros(2, 3, 4, dtype=torch.complex64)
        with pytest.raises(ValueError, match="offsets"):
            CTE(3).score_pair(fv, fv, torch.zeros(3, 3))
        with pytest.raises(ValueError, match="fv_b"):
            CTE(3).score_pair(fv, fv[:, :2], torch.zeros(2, 3))
        with pytest.raises(TypeError, match="complex"):
            CTE(3).score_pair(fv, fv.real, torch.zeros(2, 3))


class TestShiftFV:
    def test_equals_shifted_timestamps(self) -> None:
        model = CTE(50)
        features, times = random_video(14, 3, 15, 4)
        shifts = torch.tensor([2.0, -31.0, 0.0])
        shifted = model.shift_fv(model.single_fv(features, times), shifts)
        torch.testing.assert_close(shifted, model.single_fv(features, times + shifts[:, None]), rtol=1e-4, atol=1e-4)

    @pytest.mark.parametrize("offset", [8.0, -2.5])
    def test_scoring_at_an_offset_is_scoring_the_shifted_video(self, offset: float) -> None:
        model = CTE(33, circle_frames=64)
        fv_a, fv_b = model.single_fv(*random_video(15, 1, 10, 4)), model.single_fv(*random_video(16, 1, 14, 4))
        at_offset = model.score_pair(fv_a, fv_b, torch.tensor([[offset]]))
        torch.testing.assert_close(at_offset, model.score_pair(fv_a, model.shift_fv(fv_b, offset), torch.zeros(1, 1)))

    def test_refuses_what_does_not_fit(self) -> None:
        with pytest.raises(ValueError, match="offset must be"):
            CTE(3).shift_fv(torch.zeros(2, 3, 4, dtype=torch.complex64), torch.zeros(3))


class TestSettings:
    @pytest.mark.parametrize(
        ("m", "lmbda", "circle", "named"),
        [
            (0, 0.1, None, "m must"),
            (4, -0.1, None, "lmbda"),
            (4, math.inf, None, "lmbda"),
            (6, 0.1, 9, "5 frequencies, of which m=6"),
        ],
    )
    def test_out_of_range_is_refused(self, m: int, lmbda: float, circle: int | None, named: str) -> None:
        with pytest.raises(ValueError, match=named):
            CTE(m, lmbda, circle)

    def test_are_shown(self) -> None:
        assert repr(CTE(16, 0.5)) == "CTE(m=16, lmbda=0.5, circle_frames=32)"
