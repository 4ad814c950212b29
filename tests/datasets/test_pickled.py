import pickle
from pathlib import Path

import pytest
from miniature_datasets import write_pickle

from vdup.datasets.pickled import read_pickle, strings
from vdup.errors import ConfigError


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain_values_of_every_protocol(tmp_path: Path, protocol: int) -> None:
    held = {"a": [{"x", "y"}, (1, 2.5, None)], "b": {1: "é"}}
    (tmp_path / "p").write_bytes(pickle.dumps(held, protocol=protocol))
    assert read_pickle(tmp_path / "p", ("a", "b")) == held


def test_the_value_must_be_a_dictionary_with_the_keys(tmp_path: Path) -> None:
    write_pickle(tmp_path / "p", {"a": 1})
    with pytest.raises(ConfigError, match="p: must be a dictionary with a, b, c; b, c is not in it"):
        read_pickle(tmp_path / "p", ("a", "b", "c"))
    write_pickle(tmp_path / "p", ["a"])
    with pytest.raises(ConfigError, match="p: must be a dictionary with a; a is not in it"):
        read_pickle(tmp_path / "p", ("a",))


def test_strings() -> None:
    assert strings(Path("p"), ["b", "a", "b"]) == ("b", "a")
    assert strings(Path("p"), {"b", "a"}) == ("a", "b")
    for wrong in ("ab", [1], None, {"a": 1}):
        with pytest.raises(ConfigError, match=r"^p: there must be a list or a set of ids"):
            strings(Path("p"), wrong)
