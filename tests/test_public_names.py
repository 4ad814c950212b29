import subprocess
import sys
from pathlib import Path

import pytest

import vdup


def test_names_are_sorted() -> None:
    assert vdup.__all__ == sorted(vdup.__all__)


@pytest.mark.parametrize("name", vdup.__all__)
def test_every_name_can_be_imported(name: str) -> None:
    found = getattr(vdup, name)
    assert found.__name__ == name
    assert found.__doc__
    assert name in dir(vdup)


def test_unknown_name() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Serach'"):
        vdup.__getattr__("Serach")


def test_import_is_light() -> None:
    code = "import sys, vdup; print([name for name in ('torch', 'faiss', 'hydra', 'av') if name in sys.modules])"
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
