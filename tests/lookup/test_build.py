from pathlib import Path

import numpy as np
import pytest
from lookup.code_factory import as_tuples, shot_codes

from vdup.config import AutoIndexConfig, FlatIndexConfig, FrameIndexConfig, IVFIndexConfig, MultiHashIndexConfig
from vdup.lookup.base import FrameIndex
from vdup.lookup.build import build_index, choose_kind, should_rebuild

AUTO = AutoIndexConfig(flat_up_to_rows=100)


def made_for(config: FrameIndexConfig, rows: int) -> FrameIndex:
    codes = shot_codes(max(rows, 1), np.random.default_rng(0))[:rows]
    return build_index(config, np.arange(rows, dtype=np.int64), codes)


@pytest.mark.parametrize(
    ("config", "rows", "kind"),
    [
        (AutoIndexConfig(), 300_000, "flat"),
        (AutoIndexConfig(), 300_001, "ivf"),
        (AUTO, 101, "ivf"),
        (FlatIndexConfig(), 10**9, "flat"),
        (IVFIndexConfig(), 0, "ivf"),
        (MultiHashIndexConfig(), 0, "multihash"),
    ],
)
def test_kind(config: FrameIndexConfig, rows: int, kind: str) -> None:
    assert choose_kind(config, rows) == kind


def test_unknown_settings_are_refused() -> None:
    with pytest.raises(TypeError, match="FrameIndexConfig"):
        choose_kind(FrameIndexConfig(), 3)
    with pytest.raises(TypeError, match="FrameIndexConfig"):
        made_for(FrameIndexConfig(), 3)


@pytest.mark.parametrize("rows", [0, 100, 101])
def test_automatic_choice_is_built(rows: int) -> None:
    index = made_for(AUTO, rows)
    assert index.kind == choose_kind(AUTO, rows)
    assert len(index) == rows


def test_parameters_are_the_plan() -> None:
    assert made_for(FlatIndexConfig(), 200).parameters == {}
    assert made_for(IVFIndexConfig(lists=4, probes=2), 200).parameters == {"lists": 4, "probes": 2, "planned_rows": 200}
    wanted = MultiHashIndexConfig(keys=50, key_bits=20, flips=2)
    assert made_for(wanted, 3).parameters == {"keys": 50, "key_bits": 20, "flips": 2, "planned_rows": 3}


def test_codes_mapped_from_a_file_are_taken(tmp_path: Path) -> None:
    codes = shot_codes(300, np.random.default_rng(0))
    np.save(tmp_path / "codes.npy", codes)
    mapped = np.load(tmp_path / "codes.npy", mmap_mode="r")
    for config in (FlatIndexConfig(), IVFIndexConfig(), MultiHashIndexConfig()):
        index = build_index(config, np.arange(300, dtype=np.int64), mapped)
        assert (0, 0, 0) in as_tuples(index.search(mapped[:1], 5, 0))


@pytest.mark.parametrize("config", [IVFIndexConfig(), MultiHashIndexConfig()])
@pytest.mark.parametrize(
    ("planned", "rows", "expected"),
    [(0, 1023, False), (0, 1024, True), (400, 1599, False), (400, 1600, True), (400, 0, False)],
)
def test_growth(config: FrameIndexConfig, planned: int, rows: int, expected: bool) -> None:
    assert should_rebuild(made_for(config, planned), config, rows) == expected


def test_exact_search_never_needs_it() -> None:
    assert not should_rebuild(made_for(FlatIndexConfig(), 0), FlatIndexConfig(), 10**9)


def test_other_kind() -> None:
    assert not should_rebuild(made_for(AUTO, 50), AUTO, 100)
    assert should_rebuild(made_for(AUTO, 50), AUTO, 101)
    assert not should_rebuild(made_for(AUTO, 200), AUTO, 200)
    assert should_rebuild(made_for(AUTO, 200), AUTO, 100)
    assert should_rebuild(made_for(FlatIndexConfig(), 10), MultiHashIndexConfig(), 10)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (IVFIndexConfig(), IVFIndexConfig(probes=3), True),
        (IVFIndexConfig(), IVFIndexConfig(lists=3), True),
        (IVFIndexConfig(lists=500), IVFIndexConfig(lists=500), False),
        (IVFIndexConfig(), AutoIndexConfig(flat_up_to_rows=10), False),
        (MultiHashIndexConfig(), MultiHashIndexConfig(flips=0), True),
        (MultiHashIndexConfig(), MultiHashIndexConfig(keys=50), True),
        (MultiHashIndexConfig(keys=50), MultiHashIndexConfig(keys=50), False),
    ],
)
def test_other_settings(old: FrameIndexConfig, new: FrameIndexConfig, expected: bool) -> None:
    assert should_rebuild(made_for(old, 300), new, 300) == expected
