import numpy as np
import pytest
import torch
from torch import Tensor

from benchmarks.alignment import cost_table, direct_sum, found_table, kernel_table, models
from benchmarks.alignment_cases import Case, draw_cases, share_found, variety
from vdup.temporal import CTE, LAMV, TMK
from vdup.temporal.tmk import fourier_coefficients
from vdup.types import FloatArray, FrameFeatures


def made_up_video(seed: int, frames: int, fps: float = 15.0) -> FrameFeatures:
    features = np.random.default_rng(seed).standard_normal((frames, 24), dtype=np.float32)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    return FrameFeatures(features, np.arange(frames) / fps, frames / fps)


VIDEOS = [made_up_video(seed, 60 + 15 * seed) for seed in range(3)]


class TestDirectSum:
    @pytest.mark.parametrize(("rows", "columns"), [(4, 4), (3, 6), (6, 3), (1, 5)])
    def test_equals_plain_loops(self, rows: int, columns: int) -> None:
        model = TMK((37.0, 101.0), 5)
        coefficients = fourier_coefficients(5, model.beta)
        a, b = torch.randn(rows, 3), torch.randn(columns, 3)
        offsets = torch.arange(1 - columns, rows)
        found = direct_sum(a, b, kernel_table(model, offsets))
        for place, offset in enumerate(offsets.tolist()):
            expected = 0.0
            for t in range(rows):
                for u in range(columns):
                    kernel = 0.0
                    for period in model.periods:
                        angle = 2 * torch.pi * (t - u - offset) / period
                        kernel += sum(c * float(np.cos(n * angle)) for n, c in enumerate(coefficients)) / 2
                    expected += kernel * float(a[t] @ b[u])
            assert float(found[place]) == pytest.approx(expected, rel=1e-4, abs=1e-4)

    def test_ranks_offsets_as_the_descriptors_do(self) -> None:
        """One period, no normalisation but a common factor: the two are proportional."""
        model = TMK((53.0,), 8, "matrix")
        a, b = torch.randn(1, 12, 4), torch.randn(1, 20, 4)
        offsets = torch.arange(-19.0, 12.0)
        fv_a, fv_b = (model.single_fv(x, torch.arange(float(x.shape[1]))[None]) for x in (a, b))
        scores = model.score_pair(fv_a, fv_b, offsets[None])[0]
        direct = direct_sum(a[0], b[0], kernel_table(model, offsets))
        factor = (direct @ scores) / (scores @ scores)
        torch.testing.assert_close(direct, factor * scores, rtol=1e-3, atol=1e-3 * float(direct.abs().max()))


class TestCases:
    def test_hold_the_offset_that_they_say(self) -> None:
        for foreign in (False, True):
            for case in draw_cases(VIDEOS, 10, 0.0, seed=1, foreign=foreign):
                assert case.frame_units == pytest.approx(1.0)
                own = len(case.excerpt) // 2 if foreign else len(case.excerpt)
                start = len(case.excerpt) - own - case.offset_frames
                assert len(case.whole) // 3 <= own <= 2 * len(case.whole) // 3
                torch.testing.assert_close(case.excerpt[-own:], case.whole[start : start + own])

    def test_the_excerpts_do_not_depend_on_the_noise(self) -> None:
        clean, noisy = (draw_cases(VIDEOS, 5, noise, seed=2) for noise in (0.0, 1.0))
        assert [case.offset_frames for case in clean] == [case.offset_frames for case in noisy]
        assert not any(torch.equal(one.excerpt, other.excerpt) for one, other in zip(clean, noisy, strict=True))

    def test_stretches_where_nothing_changes_are_avoided(self) -> None:
        still: FloatArray = np.repeat(VIDEOS[0].features[:1], 60, axis=0)
        half = FrameFeatures(np.concatenate((still, VIDEOS[0].features)), np.arange(120) / 15, 8.0)
        for case in draw_cases([half, VIDEOS[1]], 20, 0.0, seed=3):
            assert variety(case.excerpt.numpy()) > 0.1
        with pytest.raises(ValueError, match="1 of 2 videos"):
            draw_cases([FrameFeatures(still, np.arange(60) / 15, 4.0), VIDEOS[1]], 1, 0.0, seed=0)

    def test_variety_is_the_mean_of_all_pairs(self) -> None:
        features = VIDEOS[0].features[:7]
        expected = np.mean([1 - float(one @ other) for one in features for other in features])
        assert variety(features) == pytest.approx(expected, rel=1e-5)


class TestShareFound:
    def test_counts_what_is_within_one_frame(self) -> None:
        class Fixed:
            """Always prefers one offset."""

            def single_fv(self, frame_features: Tensor, timestamps: Tensor) -> Tensor:
                return frame_features

            def score_pair(self, fv_a: Tensor, fv_b: Tensor, offsets: Tensor) -> Tensor:
                return -(offsets + 7 * 3).abs()

        cases = [Case(torch.zeros(9, 2), torch.zeros(20, 2), offset, 3.0) for offset in (-5, -6, -7, -8, -9)]
        assert share_found(Fixed(), cases) == pytest.approx(3 / 5)

    @pytest.mark.parametrize("model", [TMK((97.0, 31.0), 16), CTE(256)], ids=["TMK", "CTE"])
    def test_models_find_noisy_excerpts(self, model: TMK | CTE) -> None:
        assert share_found(model, draw_cases(VIDEOS, 20, 0.5, seed=4)) >= 0.95

    def test_a_rate_that_is_not_that_of_the_unit(self) -> None:
        slow = [made_up_video(seed, 80, fps=5.0) for seed in range(2)]
        cases = draw_cases(slow, 10, 0.5, seed=5)
        assert cases[0].frame_units == pytest.approx(3.0)
        assert share_found(TMK((291.0, 93.0), 16), cases) >= 0.9


def test_the_tables_have_a_line_for_every_model() -> None:
    compared = models(LAMV((97.0,), 8).requires_grad_(False))
    assert [name for name, _ in compared if "LAMV" in name] == ["LAMV before training", "LAMV"]
    table = found_table(VIDEOS, compared[:2], 2)
    assert (table.row_count, len(table.columns)) == (2, 5)
    assert cost_table(2, frames=30).row_count == 6
