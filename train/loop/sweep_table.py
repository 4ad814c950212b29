"""After ``--multirun``: one table of what every job of the sweep was given and what it reached."""

import csv
import io
import json
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from rich.table import Table

from vdup.report.printable import printable, screen

from .checkpoint import write_atomically

TABLE = "sweep.csv"
"""Name of the table in the sweep's folder."""

_RESULTS = ("code_ap", "average_precision", "float_ap", "recall", "accuracy")
"""Results that a job's file may have, each a column; the first one that is there ranks the jobs."""
_BEST_EPOCH = "epoch"


class SweepTable(Callback):
    """Collects the jobs of a sweep as they end; Hydra calls it, see ``conf/train.yaml``.

    The table is written anew after every job, so that a sweep that is stopped leaves what it has.
    """

    def __init__(self) -> None:
        self._rows: list[dict[str, str]] = []
        self._is_sweep = False

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:  # noqa: ARG002 - Hydra names it
        """Hydra is about to start the jobs."""
        self._rows = []
        self._is_sweep = True

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **_: Any) -> None:
        """A job has ended, well or not."""
        if not self._is_sweep:
            return
        row = {"job": str(OmegaConf.select(config, "hydra.job.num"))}
        row |= _settings(list(job_return.overrides or []))
        self._rows.append(row | _result(config))
        folder = Path(str(OmegaConf.select(config, "hydra.sweep.dir")))
        write_atomically(folder / TABLE, to_csv(self._rows).encode())

    def on_multirun_end(self, config: DictConfig, **_: Any) -> None:
        """All jobs have ended."""
        if not self._rows:
            return
        screen().print(sweep_table(self._rows))
        folder = Path(str(OmegaConf.select(config, "hydra.sweep.dir")))
        screen().print(f"table written to {printable(str(folder / TABLE))}", soft_wrap=True)


def to_csv(rows: list[dict[str, str]]) -> str:
    """Rows under a line of all their columns, in the order in which they first appear."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def sweep_table(rows: list[dict[str, str]]) -> Table:
    """The rows for the screen, best first; settings that all jobs share are left out."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    results = [name for name in _RESULTS if name in columns]
    kept = ("job", "result", "best_epoch", *results)
    varied = [name for name in columns if name in kept or len({row.get(name, "") for row in rows}) > 1]
    table = Table(title="sweep, best first")
    for name in varied:
        table.add_column(name)
    rank = results[0] if results else "job"
    for row in sorted(rows, key=lambda row: float(row.get(rank) or -1), reverse=bool(results)):
        table.add_row(*(printable(row.get(name, "")) for name in varied))
    return table


def _settings(overrides: list[str]) -> dict[str, str]:
    pairs = (override.lstrip("+").partition("=") for override in overrides)
    return {name: value for name, _, value in pairs}


def _result(config: DictConfig) -> dict[str, str]:
    """Results of a job from the file beside its output; only the word failed when there is none."""
    try:
        output = Path(str(config.output))
        result = json.loads(output.with_suffix(".result.json").read_text())
        found = {name: f"{result[name]:.6g}" for name in _RESULTS if name in result}
        found["best_epoch"] = f"{result[_BEST_EPOCH]:.6g}"
    except (OSError, ValueError, KeyError, TypeError, OmegaConfBaseException):
        return {"result": "failed"}
    return {"result": "done", **found}
