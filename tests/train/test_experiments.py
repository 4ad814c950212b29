"""Every experiment by its command: on tiny data, interrupted after the first checkpoint, then run to its end."""

from pathlib import Path

import pytest
from action_folder import write_action_set
from command_runner import run_command
from photograph_factory import write_photographs
from tiny_problem import write_tiny_problem
from vdup.train.__main__ import main
from vdup.train.loop import run_epochs as run_epochs_module

ROOT = Path(__file__).parents[2]
NETWORK = [
    "backbone.image_side_pixels=64", "backbone.precision=float32", "backbone.device=cpu", "sampling.workers=1",
]  # fmt: skip
PHOTOGRAPHS = ["data.images=photographs", *NETWORK]
GENERATED = ["experiment.clips=6", "experiment.epochs=1", "experiment.validation_share=0.34", "experiment.cache=cache"]
WHITENING = "whitening.weights=pca.safetensors"

RUNS: dict[str, list[str]] = {
    "pca": [*PHOTOGRAPHS, "experiment.dimensions=8"],
    "rotation": [*PHOTOGRAPHS, "experiment.views=1", WHITENING],
    "triplet": [
        *PHOTOGRAPHS, WHITENING, "experiment.views=1", "experiment.epochs=1", "experiment.batch_families=8",
        "experiment.cache=cache",
    ],
    "default_weights": [
        *PHOTOGRAPHS, WHITENING, "experiment.views=1", "experiment.epochs=1", "experiment.batch_families=8",
        "experiment.cache=cache",
    ],
    "distil": [
        *PHOTOGRAPHS, WHITENING, "teacher=efficientnet_lite0", "teacher.image_side_pixels=80", "teacher.device=cpu",
        "experiment.views=1", "experiment.epochs=1", "experiment.full_epochs=0", "experiment.small_side_pixels=48",
        "experiment.batch_pictures=8", "experiment.frozen_stages=6", "experiment.cache=distil",
    ],
    # Codes of a tiny network find nothing that could be calibrated.
    "calibration": [
        "data.images=photographs", "backbone.device=cpu", "sampling.workers=1", "experiment.problem=problem",
        "experiment.background=12",
    ],
    "visil": [
        *PHOTOGRAPHS, *GENERATED, "experiment.dimensions=8", "experiment.frames=8", "experiment.views=1",
        "experiment.batch_triplets=3",
    ],
    "lamv": [*PHOTOGRAPHS, *GENERATED, "experiment.m=8", "experiment.frames=10", "experiment.batch_alignments=4"],
    "dml": [
        *PHOTOGRAPHS, *GENERATED, "experiment.dimensions=4", "experiment.frames=2", "experiment.views=1",
        "experiment.batch_videos=4", "experiment.layers=[conv_stem]",
    ],
    "codebook": [*PHOTOGRAPHS, "experiment.words=4"],
    "c3d_hash": [
        "data.root=actions", *NETWORK, "experiment.pretrained=none", "experiment.bits=16", "experiment.frames=2",
        "experiment.side_pixels=16", "experiment.cache=clips", "experiment.epochs=1", "experiment.network=mc3_18",
        "experiment.batch_classes=2", "experiment.batch_clips=2",
    ],
}  # fmt: skip
"""Settings of a tiny run of every experiment; those after pca use its whitening."""

IN_CLOSED_FORM = {"pca", "rotation", "calibration", "codebook"}
"""Experiments without epochs: they have nothing to go on with."""

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("experiments")
    write_photographs(folder / "photographs", 72, (128, 96))
    write_action_set(folder / "actions")
    write_tiny_problem(folder / "problem", folder / "photographs")
    return folder


def test_every_experiment_is_run() -> None:
    assert set(RUNS) == {file.stem for file in (ROOT / "conf" / "experiment").glob("*.yaml")}


@pytest.mark.parametrize("name", RUNS)
def test_an_experiment_runs_and_goes_on(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = [f"+experiment={name}", *RUNS[name], f"output={name}.safetensors"]
    if name not in IN_CLOSED_FORM:
        save = run_epochs_module.save_checkpoint

        def save_and_stop(*given: object) -> None:
            save(*given)
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(run_epochs_module, "save_checkpoint", save_and_stop)
            broken = run_command(main, folder, *words)
        assert broken.code == 130, broken.err
        assert not (folder / f"{name}.safetensors").exists()
        assert (folder / f"{name}.checkpoint.safetensors").is_file()
    done = run_command(main, folder, *words)
    assert done.code == 0, done.err
    assert (folder / f"{name}.safetensors").stat().st_size > 0
    if name not in IN_CLOSED_FORM:
        assert "start:" not in done.err  # it was in the checkpoint
        assert "epoch 1:" in done.err
