"""From settings to a frame index, from a file to one, and when to make it anew."""

from dataclasses import asdict
from pathlib import Path

from vdup.config import (
    AutoIndexConfig,
    FlatIndexConfig,
    FrameIndexConfig,
    IVFIndexConfig,
    MultiHashIndexConfig,
)
from vdup.lookup.base import FrameIndex, checked_rows
from vdup.lookup.files import read_index_file, refused
from vdup.lookup.flat import FlatIndex
from vdup.lookup.ivf import IVFIndex, train_centres
from vdup.lookup.key_plan import KeyPlan, plan_keys
from vdup.lookup.list_plan import ListPlan, plan_lists
from vdup.lookup.multihash import MultiHashIndex
from vdup.types import CodeArray, RowArray

_GROWTH = 4
"""An index is made anew when the library has this many times the rows it was planned for."""

_SMALLEST_PLAN_ROWS = 256
"""Libraries below this size count as this large, so that the first few videos don't each start a rebuild."""


def choose_kind(config: FrameIndexConfig, rows: int) -> str:
    """Kind of index for a library.

    Args:
        config: one of the choices of the index group.
        rows: codes to store.

    Returns:
        ``flat``, ``ivf`` or ``multihash``.

    Raises:
        TypeError: an unknown kind of settings.
    """
    match config:
        case AutoIndexConfig():
            return FlatIndex.kind if rows <= config.flat_up_to_rows else IVFIndex.kind
        case FlatIndexConfig():
            return FlatIndex.kind
        case IVFIndexConfig():
            return IVFIndex.kind
        case MultiHashIndexConfig():
            return MultiHashIndex.kind
        case _:
            raise TypeError(f"no frame index belongs to {type(config).__name__}")


def build_index(config: FrameIndexConfig, row_ids: RowArray, codes: CodeArray) -> FrameIndex:
    """An index that holds the given rows and is planned for their number.

    Args:
        config: one of the choices of the index group.
        row_ids: non-negative, without repeats, int64 [N]; N may be 0.
        codes: uint8 [N, 128], which may be mapped from a file.

    Returns:
        The index.

    Raises:
        TypeError: an unknown kind of settings.
        ValueError: malformed rows.
    """
    row_ids, codes = checked_rows(row_ids, codes)
    index: FrameIndex
    match _plan(config, len(codes)):
        case ListPlan() as lists:
            index = IVFIndex(lists, train_centres(lists, codes))
        case KeyPlan() as keys:
            index = MultiHashIndex.learned_from(keys, codes)
        case None:
            index = FlatIndex()
    if len(codes):
        index.add(row_ids, codes)
    return index


def load_index(path: Path) -> FrameIndex:
    """The index in a file, every byte of which is checked.

    Raises:
        IndexFileError: missing, truncated, damaged, or of another format or kind.
    """
    header, arrays = read_index_file(path)
    index: FrameIndex
    try:
        match header.kind:
            case FlatIndex.kind:
                index = FlatIndex.from_arrays(arrays)
            case IVFIndex.kind:
                index = IVFIndex.from_arrays(header.parameters, arrays)
            case MultiHashIndex.kind:
                index = MultiHashIndex.from_arrays(header.parameters, arrays)
            case _:
                raise refused(path, f"is of the unknown kind {header.kind!r}")
    except (KeyError, TypeError, ValueError) as error:
        raise refused(path, f"holds rows that do not fit together ({error})") from error
    if len(index) != header.rows:
        raise refused(path, f"has {len(index)} rows where {header.rows} were written")
    return index


def should_rebuild(index: FrameIndex, config: FrameIndexConfig, rows: int) -> bool:
    """Whether the index should be made anew from the stored codes.

    Args:
        index: the index in use.
        config: the settings in force.
        rows: codes that the library has now.

    Returns:
        True when the settings now choose another kind, when the index was made with other settings, or when the
        library has grown to four times the size that its lists or keys were planned for.

    Raises:
        TypeError: an unknown kind of settings.
    """
    if index.kind != choose_kind(config, rows):
        return True
    if index.kind == FlatIndex.kind:
        return False
    planned_rows = index.parameters["planned_rows"]
    plan = _plan(config, planned_rows, index.kind)
    if plan is None or asdict(plan) != index.parameters:
        return True
    return rows >= _GROWTH * max(planned_rows, _SMALLEST_PLAN_ROWS)


def _plan(config: FrameIndexConfig, rows: int, kind: str | None = None) -> ListPlan | KeyPlan | None:
    """Lists or keys for that many rows; None for exact search, which needs no plan."""
    kind = choose_kind(config, rows) if kind is None else kind
    if kind == IVFIndex.kind:
        lists = config if isinstance(config, IVFIndexConfig) else IVFIndexConfig()
        return plan_lists(rows, lists.lists, lists.probes)
    if kind == MultiHashIndex.kind:
        keys = config if isinstance(config, MultiHashIndexConfig) else MultiHashIndexConfig()
        return plan_keys(rows, keys.keys, keys.key_bits, keys.flips)
    return None
