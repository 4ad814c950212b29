import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Never

import pytest
from command_runner import run_command
from vdup.train.__main__ import main as train
from vdup.train.config import EXPERIMENTS

from vdup.errors import StoreUnavailableError
from vdup.index import main as index
from vdup.library import main as library
from vdup.query import main as query

ROOT = Path(__file__).parents[1]


def one_line(text: str) -> str:
    assert text.count("\n") == 1
    return text.strip()


def typed(*words: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", *words], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_missing_videos(tmp_path: Path) -> None:
    done = typed("vdup.index", folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert one_line(done.stderr) == "wrong use: the setting videos is missing; give it as videos=VALUE"


def test_training_without_an_experiment(tmp_path: Path) -> None:
    done = typed("vdup.train", "data.images=photos", folder=tmp_path)
    assert done.returncode == 2
    assert one_line(done.stderr).endswith(f"add +experiment=NAME with one of {', '.join(EXPERIMENTS)}")


def test_help_and_wrong_use_need_no_torch(tmp_path: Path) -> None:
    code = (
        "import sys, vdup.query as query\n"
        "for word in ('--help', 'output=x.txt'):\n"
        "    sys.argv = ['query', word, 'videos=x']\n"
        "    try: query.main()\n"
        "    except SystemExit as left: print(left.code)\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "python -m vdup.query videos=PATH" in done.stdout
    assert done.stdout.splitlines()[-3:] == ["0", "2", "False"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["videos=nowhere"], "nowhere: there is no such file or folder"),
        (["videos=."], "no video in this folder"),
        (["videos=nowhere", "sampling.workers=-1"], "sampling.workers=-1 is not usable"),
        (["videos=nowhere", "+sampling.worker=1"], "there is no setting sampling.worker"),
        (["videos=nowhere", "pooling=7"], "a group is chosen by the name of an option"),
        (["videos=nowhere", "--quick"], "unrecognized arguments: --quick"),
        (["--cfg", "everything"], "argument --cfg/-c: invalid choice"),
    ],
)
def test_wrong_use_of_index(words: list[str], expected: str, tmp_path: Path) -> None:
    done = run_command(index, tmp_path, *words)
    assert (done.code, done.out) == (2, "")
    assert one_line(done.err).startswith("wrong use: ")
    assert expected in done.err
    assert not (tmp_path / "library").exists()


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("matches.txt", "must end in one of .csv, .json, .jsonl"),
        ("matches", "must end in one of"),
        ("folder.csv", "is a folder"),
        ("file/matches.csv", "its folder cannot be made"),
    ],
)
def test_wrong_output_is_seen_before_the_videos(output: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "file").touch()
    done = run_command(query, tmp_path, "videos=nowhere", f"output={output}")
    assert done.code == 2
    assert expected in one_line(done.err)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "give it as action=list|stats|remove|check|rebuild|move_store"),
        (["action=empty"], "expected one of [list, stats, remove, check, rebuild, move_store]"),
        (["action=remove"], "give ids=[ID,ID] together with action=remove"),
        (["action=list", "ids=a.mp4"], "and with that action only"),
        (["action=move_store"], "give its address as store.url=URL"),
    ],
)
def test_wrong_use_of_library(words: list[str], expected: str, tmp_path: Path) -> None:
    done = run_command(library, tmp_path, *words)
    assert done.code == 2
    assert expected in one_line(done.err)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["+experiment=pca"], "give a folder of photographs as data.images=DIR"),
        (["+experiment=rotation", "data.videos=."], "give a folder of photographs as data.images=DIR"),
        (["+experiment=calibration", "data.images=no where"], "data.images=no where: there is no such folder"),
        (["+experiment=pca", "data.images=.", "experiment.dimensions=0"], "experiment.dimensions=0 is not usable"),
        (["+experiment=magic"], "choose one of c3d_hash, calibration, codebook, default_weights, distil, dml, lamv"),
    ],
)
def test_wrong_use_of_training(words: list[str], expected: str, tmp_path: Path) -> None:
    done = run_command(train, tmp_path, *words)
    assert done.code == 2
    assert expected in one_line(done.err)


def test_sweep_tries_every_job(tmp_path: Path) -> None:
    done = run_command(train, tmp_path, "--multirun", "+experiment=pca,rotation", "seed=1")
    assert done.code == 2
    assert done.err.count("wrong use: there is nothing to learn from") == 2
    [sweep] = (tmp_path / "outputs" / "train-sweep").iterdir()
    assert {path.name for path in sweep.iterdir()} >= {"0", "1"}


def test_settings_and_flags_in_any_order(tmp_path: Path) -> None:
    done = run_command(index, tmp_path, "videos=a b", "--cfg", "job", "library=c,d")
    assert done.code == 0
    assert "library: c,d\n" in done.out
    assert "videos: a b\n" in done.out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("main", "name", "word"),
    [
        (index, "index", "videos=x"),
        (query, "query", "videos=x"),
        (library, "library", "action=remove"),
        (train, "train", "seed=1"),
    ],
)
def test_each_run_keeps_its_settings_in_a_folder(
    main: Callable[[], None], name: str, word: str, tmp_path: Path
) -> None:
    run_command(main, tmp_path, word)
    [run] = (tmp_path / "outputs" / name).iterdir()
    assert word.partition("=")[0] in (run / ".hydra" / "overrides.yaml").read_text()
    assert (run / f"{name}.log").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["outputs"]


def raise_when_searching(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(path: Path) -> Never:
        raise error

    monkeypatch.setattr("vdup.video.discover.find_videos", fail)


def test_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raise_when_searching(monkeypatch, OSError(errno.ENOSPC, "No space left on device", "big.bin"))
    done = run_command(index, tmp_path, "videos=x")
    assert (done.code, one_line(done.err)) == (1, "error: big.bin: No space left on device")


def test_error_at_run_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raise_when_searching(monkeypatch, StoreUnavailableError("http://h:1 does not answer"))
    done = run_command(index, tmp_path, "videos=x")
    assert (done.code, one_line(done.err)) == (1, "error: http://h:1 does not answer")


def test_interruption(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raise_when_searching(monkeypatch, KeyboardInterrupt())
    done = run_command(index, tmp_path, "videos=x")
    assert done.code == 130
    assert one_line(done.err).startswith("interrupted")


def test_outputs_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "outputs").touch()
    done = run_command(index, tmp_path, "videos=x")
    assert done.code == 1
    assert "outputs" in one_line(done.err)


def test_name_that_the_screen_cannot_show(tmp_path: Path) -> None:
    done = run_command(index, tmp_path, "videos=\udcff.mp4")
    assert done.code == 2
    assert json.dumps("\udcff")[1:-1] in one_line(done.err)
