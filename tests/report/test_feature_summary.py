import io
from pathlib import Path

from rich.console import Console

from vdup.pipeline.feature_folder import FeatureOutcome, FeatureResult
from vdup.report.feature_summary import print_feature_summary


def printed(results: list[FeatureResult]) -> list[str]:
    stream = io.StringIO()
    print_feature_summary(results, Path("out"), 12.0, Console(file=stream, width=200, markup=False, highlight=False))
    return stream.getvalue().splitlines()


def test_counts_length_and_reasons() -> None:
    results = [
        FeatureResult("a", FeatureOutcome.written, seconds=30.0),
        FeatureResult("b", FeatureOutcome.written, seconds=45.0),
        FeatureResult("c", FeatureOutcome.current),
        FeatureResult("d\n", FeatureOutcome.failed, "broken"),
    ]
    assert printed(results) == [
        "out: 2 written, 1 current, 1 failed",
        "features of 1.2 min of video in 12.0 s",
        "failed:",
        "  d\\n: broken",
    ]


def test_nothing_to_do() -> None:
    assert printed([FeatureResult("c", FeatureOutcome.current)]) == ["out: 0 written, 1 current, 0 failed"]


def test_many_failures() -> None:
    lines = printed([FeatureResult(str(number), FeatureOutcome.failed, "broken") for number in range(25)])
    assert lines[-2:] == ["  19: broken", "  +5 more; the log of the run names all"]
