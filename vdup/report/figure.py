"""Pictures of results: every plot leaves its numbers as CSV and, where Matplotlib is installed, a PNG beside them.

Matplotlib comes with ``pip install 'vdup[train]'``. It is imported when a picture is drawn, and without its pyplot
part, which keeps figures and looks for a screen.
"""

import csv
import io
import logging
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vdup.report.output import write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

logger = logging.getLogger(__name__)

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Told apart by people who see few colours (Okabe and Ito)."""

_DOTS_PER_INCH = 120


def can_draw() -> bool:
    """True when Matplotlib is installed and can be imported."""
    # Imported and not only looked for: a broken package must not end a run behind its last result.
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        return False
    return True


def to_png(draw: Callable[["Figure"], None], *, width_inches: float = 7.0, height_inches: float = 4.5) -> bytes:
    """A picture as a PNG file.

    Args:
        draw: fills an empty figure.
        width_inches: of the picture, at 120 pixels an inch.
        height_inches: of the picture.

    Raises:
        ImportError: Matplotlib is not installed; see :func:`can_draw`.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_inches, height_inches), dpi=_DOTS_PER_INCH, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    draw(figure)
    image = io.BytesIO()
    canvas.print_png(image)  # type: ignore[no-untyped-call]
    return image.getvalue()


def to_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A line of names and the rows below it; None becomes an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


def save_plot(
    path: Path,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    draw: Callable[["Figure"], None],
    *,
    width_inches: float = 7.0,
    height_inches: float = 4.5,
) -> list[Path]:
    """Writes the numbers beside ``path`` and, where Matplotlib is installed, the picture to it; else warns.

    Args:
        path: the picture, its name ending in .png; its folder is made. The numbers get the same name ending in .csv.
        columns: names of the numbers.
        rows: the numbers.
        draw: fills an empty figure.
        width_inches: of the picture.
        height_inches: of the picture.

    Returns:
        The files that were written.

    Raises:
        ValueError: the name does not end in .png.
        OutputError: a file cannot be written.
    """
    if path.suffix.lower() != ".png":
        raise ValueError(f"the name of a plot must end in .png, got {path}")
    numbers = path.with_suffix(".csv")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(numbers, to_csv(columns, rows))
    if not can_draw():
        logger.warning("%s is not drawn: the package matplotlib is missing; install vdup[train]", path)
        return [numbers]
    write_whole(path, to_png(draw, width_inches=width_inches, height_inches=height_inches))
    return [path, numbers]
