"""Query expansion with the Temporal Match Kernel, on files of features."""

from pathlib import Path

import numpy as np
import pytest
import torch
from miniature_datasets import write_evve
from numpy.typing import NDArray

from vdup.config import (
    DataSourceConfig,
    EvaluateJobConfig,
    EVVEDatasetConfig,
    QueryExpansionChoice,
    TMKMatcherConfig,
    TMKNormalization,
)
from vdup.datasets.evve import load_evve
from vdup.evaluation.query_expansion import Averaging, Expansion
from vdup.matchers.alignment import Span
from vdup.matchers.build import build_matcher
from vdup.matchers.kernel_matcher import KERNEL_FPS, KernelDescriptor, KernelMatcher
from vdup.protocols.answers import Workplace
from vdup.protocols.evve import evaluate_evve
from vdup.protocols.expansion import KernelSpace, expansion_rule
from vdup.protocols.outcome import Outcome

FPS = 15
MATCHER = TMKMatcherConfig(periods=[211.0, 307.0], m=8, normalization=TMKNormalization.matrix)


def kernel_matcher() -> KernelMatcher:
    model = EvaluateJobConfig(dataset=EVVEDatasetConfig(name="evve"), data=DataSourceConfig(root=Path("d")))
    matcher = build_matcher(MATCHER, model)
    assert isinstance(matcher, KernelMatcher)
    return matcher


def descriptor(matcher: KernelMatcher, features: NDArray[np.float32], start_seconds: float) -> KernelDescriptor:
    """Of frames at 15 a second, the first at the start; the descriptor's clock starts there."""
    times = torch.arange(len(features), dtype=torch.float64)[None] / FPS * KERNEL_FPS
    values = matcher.kernel.single_fv(torch.from_numpy(features)[None], times)
    return KernelDescriptor(values, Span(start_seconds, start_seconds + len(features) / FPS))


def test_a_sum_is_the_descriptor_of_all_frames() -> None:
    """Two videos, one moved to 2 s later: as if one video had held the frames of both."""
    matcher = kernel_matcher()
    space = KernelSpace(matcher)
    a, b = np.random.default_rng(0).normal(size=(2, 45, 5)).astype(np.float32)
    moved = space.shift(descriptor(matcher, b, 0.0), -2.0)
    assert (moved.span.start_seconds, moved.span.end_seconds) == (2.0, 5.0)
    both = space.weighted_sum([moved, descriptor(matcher, a, 0.0)], [0.5, 0.25])
    together = np.zeros((75, 5), dtype=np.float32)
    together[:45] += 0.25 * a
    together[30:] += 0.5 * b
    expected = descriptor(matcher, together, 0.0)
    assert both.span == expected.span
    torch.testing.assert_close(both.values, expected.values, rtol=1e-4, atol=1e-4)


def test_a_moved_video_lies_on_the_time_of_the_query() -> None:
    matcher = kernel_matcher()
    space = KernelSpace(matcher)
    signal = np.random.default_rng(1).normal(size=(90, 5)).astype(np.float32)
    query, reference = descriptor(matcher, signal[30:75], 0.0), descriptor(matcher, signal, 0.0)
    scores, offsets = space.compare(query, [reference, query])
    assert offsets.tolist() == pytest.approx([2.0, 0.0], abs=0.2)  # eight waves place it no more exactly
    assert scores[1] == pytest.approx(1.0, abs=1e-5)
    again = space.compare(query, [space.shift(reference, float(offsets[0]))])
    assert again[1][0] == pytest.approx(0.0)
    assert again[0][0] == pytest.approx(scores[0], abs=1e-5)


def test_settings_become_the_rule() -> None:
    settings = EVVEDatasetConfig(
        name="evve",
        expansion=QueryExpansionChoice.don,
        nearest=3,
        neighbourhood=7,
        temporal_consistency=True,
        as_published=True,
    )
    rule = expansion_rule(settings)
    assert (rule.expansion, rule.nearest, rule.neighbourhood) == (Expansion.don, 3, 7)
    assert rule.temporal_consistency
    assert rule.averaging is Averaging.fixed
    assert not rule.moved_neighbourhood


def write_features(root: Path) -> None:
    """p1 shows what q shows beside something else, and p2 that something else 1 s later; n1 is a little like q."""
    shown, beside, noise = np.random.default_rng(2).normal(size=(3, 60, 4)).astype(np.float32)
    late = np.roll(beside, 15, axis=0)
    parts = {
        "-q1": (shown, 0 * beside, 0 * noise),
        "p1": (shown, beside, 0 * noise),
        "p2": (0 * shown, late, 0 * noise),
        "n1": (0.2 * shown, 0 * beside, noise),
        "n0": (0 * shown, 0 * beside, noise),
        "d": (0 * shown, 0 * beside, -noise),
        "q3": (0 * shown, 0 * beside, -noise),
    }

    def place(path: Path) -> None:
        file = root / "features" / path.parent.name / f"{path.stem}.npy"
        file.parent.mkdir(parents=True, exist_ok=True)
        np.save(file, np.concatenate(parts[path.stem], axis=1))

    write_evve(root, place)


def evaluated(tmp_path: Path, settings: EVVEDatasetConfig) -> Outcome:
    config = EvaluateJobConfig(
        dataset=settings, data=DataSourceConfig(root=tmp_path / "data"), matcher=MATCHER, work=tmp_path / "work"
    )
    place = Workplace(config, lambda: build_matcher(MATCHER, config))
    return evaluate_evve(load_evve(tmp_path / "data"), place)


def test_expansion_finds_what_is_like_the_nearest(tmp_path: Path) -> None:
    """Ambiguous n0 left out, -q1 ranks p1, n1, p2 or d: one right, two wrong before the second. Expanded: p1, p2."""
    write_features(tmp_path / "data")
    assert evaluated(tmp_path, EVVEDatasetConfig(name="evve")).measure("mAP (official)") < 0.95
    settings = EVVEDatasetConfig(name="evve", expansion=QueryExpansionChoice.aqe, nearest=1)
    for _ in range(2):  # the second time from the journal
        assert evaluated(tmp_path, settings).measure("mAP (official)") == pytest.approx(1.0)
    assert len(list((tmp_path / "work").glob("evve-*.jsonl"))) == 2


def test_the_rule_is_told(tmp_path: Path) -> None:
    write_features(tmp_path / "data")
    settings = EVVEDatasetConfig(
        name="evve", expansion=QueryExpansionChoice.don, nearest=2, neighbourhood=4, temporal_consistency=True
    )
    outcome = evaluated(tmp_path, settings)
    assert "Query expansion: don, N1 = 2, N2 = 4, temporal consistency." in outcome.notes


def test_an_unreadable_video_is_left_out_of_the_database(tmp_path: Path) -> None:
    write_features(tmp_path / "data")
    broken = tmp_path / "data" / "features" / "strokkur" / "n1.npy"
    broken.write_bytes(b"broken")
    outcome = evaluated(tmp_path, EVVEDatasetConfig(name="evve", expansion=QueryExpansionChoice.aqe, nearest=1))
    assert set(outcome.unreadable) == {"n1"}
    assert outcome.measure("mAP (official)") == pytest.approx(1.0)
