"""``vdup.features`` and ``vdup.similarity`` from their words to their files, on small real videos."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_runner import CommandResult, run_command
from video_factory import numbered_picture, regular_times, write_pictures

from vdup.feature_files.read import read_features
from vdup.features.__main__ import main as features
from vdup.similarity import main as similarity

ROOT = Path(__file__).parents[1]
SMALL = ("backbone.image_side_pixels=64", "sampling.workers=1")


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two references, a part of each, and a file that is no video."""
    folder = tmp_path_factory.mktemp("clips")
    (folder / "parts").mkdir()
    for name, first, count in (("a", 0, 60), ("b", 500, 60), ("parts/a", 20, 30), ("parts/b", 520, 30)):
        pictures = [numbered_picture(number) for number in range(first, first + count)]
        write_pictures(folder / f"{name}.mp4", pictures, regular_times(count, 10))
    (folder / "bad.mp4").write_bytes(b"no video at all")
    (folder / "queries.txt").write_text("qa\tparts/a.mp4\nqb parts/b.mp4\n")
    (folder / "database.txt").write_text("a\ta.mp4\nb\tb.mp4\n")
    return folder


def test_features(clips: Path, tmp_path: Path) -> None:
    def run(*words: str) -> CommandResult:
        return run_command(features, tmp_path, f"videos={clips}", "output=out", "fps=5", *SMALL, *words)

    first = run()
    assert first.code == 1
    assert "out: 4 written, 0 current, 1 failed" in first.out
    assert "failed: bad.mp4: " in first.err
    assert sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.*")) == [
        "a.safetensors",
        "b.safetensors",
        "parts/a.safetensors",
        "parts/b.safetensors",
    ]
    found = read_features(tmp_path / "out" / "parts" / "a.safetensors")
    assert found.times_seconds.tolist() == pytest.approx(np.arange(0, 3, 0.2).tolist(), abs=0.11)
    np.testing.assert_allclose(np.linalg.norm(found.features, axis=1), 1, atol=1e-5)
    assert "out: 0 written, 4 current, 1 failed" in run().out
    assert "out: 4 written, 0 current, 1 failed" in run("fps=2").out


def test_layer_of_a_backbone_that_has_none(clips: Path, tmp_path: Path) -> None:
    done = run_command(features, tmp_path, f"videos={clips}", "output=out", "layer=29")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("wrong use: layer=29: this backbone has no choice of layers; add backbone=resnet34")
    done = run_command(features, tmp_path, f"videos={clips}", "output=out", "backbone=resnet34", "layer=34")
    assert "backbone.layer=34 is not usable" in done.err


def test_layer_is_that_of_the_backbone(clips: Path, tmp_path: Path) -> None:
    words = ("backbone=resnet34", "layer=29", "backbone.weights=missing.pth")
    done = run_command(features, tmp_path, f"videos={clips}", "output=out", *words)
    assert done.code == 1
    assert "weights file missing.pth does not exist" in done.err


def compared(folder: Path, clips: Path, *words: str, database: str = "database.txt") -> tuple[CommandResult, Any]:
    lists = (f"queries={clips / 'queries.txt'}", f"database={clips / database}")
    done = run_command(similarity, folder, *lists, "output=s.json", *SMALL, *words)
    output = folder / "s.json"
    return done, json.loads(output.read_text()) if output.exists() else None


@pytest.mark.parametrize("matcher", ["tmk", "cte", "visil"])
def test_similarity(matcher: str, clips: Path, tmp_path: Path) -> None:
    words = ("matcher.variant=f", "matcher.fps=5") if matcher == "visil" else ("matcher.fps=5",)
    done, found = compared(tmp_path, clips, f"matcher={matcher}", *words)
    assert (done.code, done.out) == (0, "4 similarities of 2 queries: s.json\n")
    assert "comparing: 4 of 4 pairs" in done.err
    assert {name: list(row) for name, row in found.items()} == {"qa": ["a", "b"], "qb": ["a", "b"]}
    assert found["qa"]["a"] > found["qa"]["b"]
    assert found["qb"]["b"] > found["qb"]["a"]
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "outputs") == ["s.json"]


def test_similarity_of_files_of_features(clips: Path, tmp_path: Path) -> None:
    _, direct = compared(tmp_path, clips, "matcher=tmk", "matcher.fps=5", "load_queries=true")
    run_command(features, tmp_path, f"videos={clips}", "output=features", "fps=5", *SMALL)
    for name, lines in (("queries", ("parts/a", "parts/b")), ("database", ("a", "b"))):
        ids = (line.replace("parts/", "q") for line in lines)
        text = "".join(f"{name}\t{line}.safetensors\n" for name, line in zip(ids, lines, strict=True))
        (tmp_path / "features" / f"{name}.txt").write_text(text)
    _, found = compared(tmp_path, tmp_path / "features", "matcher=tmk", "matcher.fps=5")
    assert found == direct


def test_similarity_with_a_bad_video(clips: Path, tmp_path: Path) -> None:
    (clips / "some_bad.txt").write_text("a\ta.mp4\nbad\tbad.mp4\ngone\tgone.mp4\n")
    words = ("matcher=tmk", "matcher.fps=5", "cache=kept")
    done, found = compared(tmp_path, clips, *words, database="some_bad.txt")
    assert done.code == 1
    assert {name: list(row) for name, row in found.items()} == {"qa": ["a"], "qb": ["a"]}
    assert "left out, as they could not be read:\n  bad: " in done.out
    assert "failed: gone: " in done.err
    assert len(list((tmp_path / "kept").rglob("*.safetensors"))) == 3


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["output=s.csv"], "output=s.csv: its name must end in .json"),
        (["queries=missing.txt"], "missing.txt cannot be read"),
        (["matcher=tmk", "matcher.normalization=l2"], "matcher.normalization"),
        (["matcher=tmk", "matcher.periods=[]"], "matcher.periods=[] is not usable"),
        (["matcher=dtw"], "matcher=dtw: there is no such option"),
        (["matcher=lamv"], "the setting matcher.weights is missing"),
    ],
)
def test_wrong_use_of_similarity(words: list[str], expected: str, clips: Path, tmp_path: Path) -> None:
    done, found = compared(tmp_path, clips, *words)
    assert (done.code, done.out, found) == (2, "", None)
    assert expected in done.err


def test_a_broken_list(clips: Path, tmp_path: Path) -> None:
    (clips / "twice.txt").write_text("a\ta.mp4\na\tb.mp4\n")
    done, _ = compared(tmp_path, clips, database="twice.txt")
    assert done.code == 2
    assert "twice.txt:2: the id 'a' stands in" in done.err


@pytest.mark.parametrize("module", ["vdup.features", "vdup.similarity"])
def test_help_is_quick_and_complete(module: str, tmp_path: Path) -> None:
    code = (
        f"import sys, runpy; sys.path.insert(0, {str(ROOT)!r}); sys.argv = ['x', '--help']\n"
        f"try: runpy.run_module({module!r}, run_name='__main__')\n"
        "except SystemExit as left: print(left.code, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert f"python -m {module} " in done.stdout
    assert done.stdout.splitlines()[-1] == "0 False"
