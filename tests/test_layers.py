import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

LAYERS = (
    "errors", "types", "config", "regular_file",
    "weights", "library_files",
    "video", "features", "codes", "movies", "feature_files", "temporal", "visil", "aggregation", "hashing",
    "lookup", "store", "catalogue", "candidates", "align", "pipeline", "grouping",
    "datasets", "matchers", "evaluation", "report", "protocols",
    "hydra_errors", "hydra_help", "hydra_schema", "overrides", "command",
    "index", "query", "library", "similarity", "evaluate", "calibrate", "duplicates", "__main__",
)  # fmt: skip
"""Names behind ``vdup.``, low to high: a module imports nothing of a later entry."""

PURE = {"errors", "types", "config"}
COMMANDS = ("index", "query", "library", "similarity", "evaluate", "calibrate", "duplicates", "__main__")
MOST_LINES = 400

Import = tuple[int, str]
"""Line, and dotted name of a module or of something in it."""


def python_files(*folders: str) -> list[Path]:
    return sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py"))


def imports(text: str) -> Iterator[Import]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{'.' * node.level}{node.module or ''}.{alias.name}") for alias in node.names)


def layer_of(name: str) -> str | None:
    parts = name.split(".")
    return parts[1] if parts[0] == "vdup" and len(parts) > 1 else None


def wrong_imports(text: str, own: str) -> list[Import]:
    """Imports that a module of the layer ``own`` must not have."""
    allowed = {name for name in LAYERS[: LAYERS.index(own) + 1] if own not in COMMANDS or name not in COMMANDS} | {own}
    foreign = ("train", "conf", "tests", "benchmarks", "")  # the last one: relative imports
    return [
        (line, name)
        for line, name in imports(text)
        if name.split(".")[0] in foreign or layer_of(name) not in (None, *allowed)
    ]


@pytest.mark.parametrize("file", python_files("vdup"), ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_point_down(file: Path) -> None:
    parts = file.relative_to(ROOT / "vdup").with_suffix("").parts
    if parts[0] in ("__init__", "_checkout"):  # the names of the package, loaded on first use
        return
    own = "__main__" if parts[-1] == "__main__" else parts[0]  # a command that shares the name of a stage
    assert wrong_imports(file.read_text(), own) == []


def test_wrong_imports_are_seen() -> None:
    lines = ["import vdup.align.stream", "from vdup import pipeline", "from vdup.codes import runs", "import train"]
    text = "\n".join([*lines, "from . import x"])
    assert wrong_imports(text, "align") == [(2, "vdup.pipeline"), (4, "train"), (5, "..x")]
    assert wrong_imports("from vdup.train.closed_form import pca", "command") == [(1, "vdup.train.closed_form.pca")]
    assert wrong_imports("def f():\n    from vdup.query import query", "index") == [(2, "vdup.query.query")]


def test_every_layer_is_in_the_list() -> None:
    found = {path.stem for path in (ROOT / "vdup").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert found - {"__init__", "_checkout"} == set(LAYERS) - {"__main__"}


def test_lowest_layers_need_neither_torch_nor_hydra() -> None:
    files = [file for file in python_files("vdup") if file.relative_to(ROOT / "vdup").with_suffix("").parts[0] in PURE]
    assert len(files) > len(PURE)
    for file in files:
        used = {name.split(".")[0] for _, name in imports(file.read_text())}
        assert used <= {"collections", "dataclasses", "enum", "numpy", "pathlib", "vdup"}, file


def test_only_commands_know_hydra() -> None:
    for file in python_files("vdup", "train"):
        if any(name.split(".")[0] in ("hydra", "omegaconf") for _, name in imports(file.read_text())):
            assert file.stem in ("hydra_errors", "hydra_help", "hydra_schema", "overrides", "command", "sweep_table")


@pytest.mark.parametrize("file", python_files("train"), ids=lambda file: file.name)
def test_training_uses_relative_imports(file: Path) -> None:
    for line, name in imports(file.read_text()):
        assert name.split(".")[0] not in ("train", "conf"), line
        assert not name.startswith("vdup.train"), line


def test_nobody_imports_the_folders_by_their_bare_names() -> None:
    for file in python_files("tests", "benchmarks"):
        for line, name in imports(file.read_text()):
            assert name.split(".")[0] not in ("train", "conf"), f"{file}:{line}"


def test_files_are_short() -> None:
    files = python_files("vdup", "train", "tests", "benchmarks", "conf")
    lengths = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in files}
    assert {name: length for name, length in lengths.items() if length > MOST_LINES} == {}


@pytest.mark.parametrize(
    "name",
    [
        *(f"vdup/{command}.py" for command in COMMANDS if command != "__main__"),
        *(str(file.relative_to(ROOT)) for file in python_files("vdup", "train") if file.stem == "__main__"),
    ],
)
def test_commands_are_thin(name: str) -> None:
    tree = ast.parse((ROOT / name).read_text())
    assert len((ROOT / name).read_text().splitlines()) < 60
    # Run with -m, a class would belong to __main__ and could not be unpickled elsewhere.
    assert not any(isinstance(node, ast.ClassDef) for node in ast.walk(tree))
