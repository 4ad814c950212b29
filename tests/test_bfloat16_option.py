"""``pytest --bfloat16=yes|no``: the suite as if the processor had bfloat16, and as if it had not."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from vdup.config import Precision
from vdup.features.backbone import cpu_has_bfloat16, resolve_dtype

ROOT = Path(__file__).parents[1]


def test_automatic_precision_follows_the_option(request: pytest.FixtureRequest) -> None:
    wanted = request.config.getoption("bfloat16")
    # Imported before the option takes effect, so this is what the processor has.
    present = cpu_has_bfloat16() if wanted == "auto" else wanted == "yes"
    expected = torch.bfloat16 if present else torch.float32
    assert resolve_dtype(Precision.auto, torch.device("cpu")) == expected


@pytest.mark.slow
@pytest.mark.parametrize("wanted", ["yes", "no"])
def test_the_option_holds_on_any_processor(wanted: str) -> None:
    name = f"{__file__}::{test_automatic_precision_follows_the_option.__name__}"
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", f"--bfloat16={wanted}", name]
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
