"""A copy-detection problem that is made in seconds."""

from pathlib import Path

import pytest
from vdup.train.material import problem as problem_module
from vdup.train.material.problem import make_problem


def write_tiny_problem(root: Path, photographs: Path, queries: int = 5) -> None:
    """Writes three references and some queries of a few seconds each, the last query without a copy."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(problem_module, "_SHORT_SIDES_PIXELS", (96,))
        patch.setattr(problem_module, "_WORK_PIXELS", 96)
        patch.setattr(problem_module, "_REFERENCE_SECONDS", (4.0, 8.0))
        patch.setattr(problem_module, "_COPY_SECONDS", (3.0, 4.0))
        patch.setattr(problem_module, "_FOOTAGE_SECONDS", (2.0, 2.5))
        patch.setattr(problem_module, "EDIT_NAMES", ("reencode", "gray"))
        patch.setattr(problem_module, "draw_combination", lambda rng: "reencode")
        make_problem(root, sorted(photographs.iterdir()), 5, 3, queries, 1)
