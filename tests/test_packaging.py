import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = {"vdup": "vdup", "conf": "vdup.conf", "train": "vdup.train"}


@pytest.fixture(scope="module")
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_wheel_holds_every_package(pyproject: dict[str, Any]) -> None:
    found = set()
    for folder, package in FOLDERS.items():
        for init in (ROOT / folder).rglob("__init__.py"):
            inner = init.parent.relative_to(ROOT / folder).parts
            found.add(".".join((package, *inner)))
    assert set(pyproject["tool"]["setuptools"]["packages"]) == found


def test_every_folder_with_python_is_a_package() -> None:
    for folder in FOLDERS:
        for file in (ROOT / folder).rglob("*.py"):
            assert (file.parent / "__init__.py").is_file(), file


def test_wheel_holds_every_data_file(pyproject: dict[str, Any]) -> None:
    tool = pyproject["tool"]["setuptools"]
    packed = {
        file
        for package, patterns in tool["package-data"].items()
        for pattern in patterns
        for file in (ROOT / tool["package-dir"].get(package, package.replace(".", "/"))).glob(pattern)
    }
    expected = {
        file
        for suffix in ("yaml", "safetensors")
        for folder in FOLDERS
        for file in (ROOT / folder).rglob(f"*.{suffix}")
    }
    expected.add(ROOT / "vdup" / "py.typed")
    assert {file for file in expected if "local" not in file.parts} <= packed


def test_console_scripts_name_functions(pyproject: dict[str, Any]) -> None:
    scripts = pyproject["project"]["scripts"]
    assert set(scripts) == {"vdup-index", "vdup-query", "vdup-library", "vdup-train"}
    for target in scripts.values():
        module, _, function = target.partition(":")
        file = ROOT / Path(*module.split(".")).with_suffix(".py")
        if module.startswith("vdup.train"):
            file = ROOT / Path(*module.split(".")[1:]).with_suffix(".py")
        assert f"def {function}() -> None:" in file.read_text()
