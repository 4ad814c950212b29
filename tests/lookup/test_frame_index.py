"""All kinds of frame index against a plain-loop search."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lookup.code_factory import as_tuples, brute_force, distance, flipped, shot_codes

from vdup.config import FlatIndexConfig, FrameIndexConfig, IVFIndexConfig, MultiHashIndexConfig
from vdup.lookup.base import FrameIndex
from vdup.lookup.build import build_index, load_index
from vdup.types import CODE_BITS, CODE_BYTES, CodeArray, RowArray

CONFIGS = {
    "flat": FlatIndexConfig(),
    "ivf": IVFIndexConfig(),
    "ivf-one-probe": IVFIndexConfig(lists=16, probes=1),
    "multihash": MultiHashIndexConfig(),
    "multihash-64x16": MultiHashIndexConfig(keys=64, key_bits=16, flips=0),
}
ROWS = 700


def no_rows() -> tuple[RowArray, CodeArray]:
    return np.empty(0, dtype=np.int64), np.empty((0, CODE_BYTES), dtype=np.uint8)


@pytest.fixture(scope="module")
def codes() -> CodeArray:
    codes = shot_codes(ROWS, np.random.default_rng(7))
    codes[50:60] = codes[0]
    return codes


@pytest.fixture(scope="module")
def row_ids() -> RowArray:
    """Neither rising nor dense, and beyond 32 bits."""
    return np.random.default_rng(7).permutation(ROWS).astype(np.int64) * 10_000_000_019


@pytest.fixture(scope="module")
def saved_indexes(row_ids: RowArray, codes: CodeArray, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("indexes")
    for name, config in CONFIGS.items():
        build_index(config, row_ids, codes).save(folder / name)
    return {repr(config): folder / name for name, config in CONFIGS.items()}


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())
class TestFrameIndex:
    @pytest.fixture
    def rng(self) -> np.random.Generator:
        return np.random.default_rng(8)

    @pytest.fixture
    def index(self, saved_indexes: dict[str, Path], config: FrameIndexConfig) -> FrameIndex:
        """An index of all rows; made once, since training takes longer than loading."""
        return load_index(saved_indexes[repr(config)])

    def check_hits(
        self, index: FrameIndex, stored: dict[int, CodeArray], queries: CodeArray, neighbours: int, max_distance: int
    ) -> list[tuple[int, int, int]]:
        """What every kind promises of any answer; exact search must give the oracle's."""
        hits = as_tuples(index.search(queries, neighbours, max_distance))
        assert hits == sorted(hits, key=lambda hit: (hit[0], hit[2], hit[1]))
        assert len({hit[:2] for hit in hits}) == len(hits)
        for query_row, row_id, bits in hits:
            assert bits == distance(queries[query_row], stored[row_id]) <= max_distance
        for query_row in range(len(queries)):
            assert sum(hit[0] == query_row for hit in hits) <= neighbours
        if index.kind == "flat":
            ids = np.array(list(stored), dtype=np.int64)
            assert hits == brute_force(ids, np.array(list(stored.values())), queries, neighbours, max_distance)
        return hits

    @pytest.mark.parametrize(("neighbours", "max_distance"), [(1, 1024), (5, 100), (30, 307), (5, 0)])
    def test_hits_are_true(
        self,
        index: FrameIndex,
        row_ids: RowArray,
        codes: CodeArray,
        rng: np.random.Generator,
        neighbours: int,
        max_distance: int,
    ) -> None:
        stored = dict(zip(row_ids.tolist(), codes, strict=True))
        queries = np.concatenate([flipped(codes[:6], 0.1, rng), codes[48:54]])
        hits = self.check_hits(index, stored, queries, neighbours, max_distance)
        assert hits

    def test_nearest_rows_of_mildly_changed_codes_are_found(
        self, index: FrameIndex, row_ids: RowArray, codes: CodeArray, rng: np.random.Generator
    ) -> None:
        queries = flipped(codes[:60], 0.05, rng)
        expected = {hit[:2] for hit in brute_force(row_ids, codes, queries, 1, CODE_BITS)}
        found = {hit[:2] for hit in as_tuples(index.search(queries, 1, CODE_BITS))}
        assert len(expected & found) >= (60 if index.kind == "flat" else 57)

    def test_every_stored_code_is_found_at_distance_zero(
        self, index: FrameIndex, row_ids: RowArray, codes: CodeArray
    ) -> None:
        hits = as_tuples(index.search(codes, 20, 0))
        assert {hit[:2] for hit in hits} >= set(enumerate(row_ids.tolist()))

    def test_equal_distances_are_cut_by_row_id(self, index: FrameIndex, row_ids: RowArray, codes: CodeArray) -> None:
        same = sorted([int(row_ids[0]), *row_ids[50:60].tolist()])
        for neighbours in (1, 4, 10, 11, 200):
            hits = index.search(codes[:1], neighbours, 0)
            assert hits.reference_rows.tolist() == same[:neighbours]

    def test_removed_rows_never_return(
        self, index: FrameIndex, row_ids: RowArray, codes: CodeArray, rng: np.random.Generator
    ) -> None:
        stored = dict(zip(row_ids.tolist(), codes, strict=True))
        for portion in np.split(rng.permutation(row_ids), [20, 100, 300, 650]):
            assert index.remove(portion) == len(portion)
            assert index.remove(portion) == 0
            for row_id in portion.tolist():
                del stored[row_id]
            assert len(index) == len(stored)
            hits = self.check_hits(index, stored, codes[:5], 25, 200)
            queries = np.array(list(stored.values()), dtype=np.uint8).reshape(-1, CODE_BYTES)
            assert {hit[:2] for hit in as_tuples(index.search(queries, 12, 0))} >= set(enumerate(stored))
        assert len(index) == 0
        assert hits == []

    def test_survivors_fill_the_answer(self, index: FrameIndex, row_ids: RowArray, codes: CodeArray) -> None:
        index.remove(row_ids[50:58])
        left = sorted([int(row_ids[0]), *row_ids[58:60].tolist()])
        assert index.search(codes[:1], 3, 0).reference_rows.tolist() == left

    def test_removed_rows_can_come_back(self, index: FrameIndex, row_ids: RowArray, codes: CodeArray) -> None:
        assert index.remove(row_ids[:3]) == 3
        index.add(row_ids[:3], codes[100:103])
        hits = as_tuples(index.search(codes[100:103], 100, 0))
        assert {(number, int(row_ids[number]), 0) for number in range(3)} <= set(hits)
        assert len(index) == ROWS

    def test_rows_may_arrive_in_portions(self, config: FrameIndexConfig, row_ids: RowArray, codes: CodeArray) -> None:
        index = build_index(config, row_ids[:300], codes[:300])
        for first in range(300, ROWS, 57):
            index.add(row_ids[first : first + 57], codes[first : first + 57])
        hits = as_tuples(index.search(codes, 20, 0))
        assert {hit[:2] for hit in hits} >= set(enumerate(row_ids.tolist()))

    @pytest.mark.parametrize("removed", [30, ROWS])
    def test_save_and_load(
        self, config: FrameIndexConfig, row_ids: RowArray, codes: CodeArray, tmp_path: Path, removed: int
    ) -> None:
        index = build_index(config, row_ids, codes)
        index.remove(row_ids[:removed])
        index.save(tmp_path / "frames.index")
        loaded = load_index(tmp_path / "frames.index")
        assert (loaded.kind, loaded.parameters, len(loaded)) == (index.kind, index.parameters, len(index))
        assert as_tuples(loaded.search(codes[:40], 15, 400)) == as_tuples(index.search(codes[:40], 15, 400))
        loaded.add(np.array([5], dtype=np.int64), codes[:1])
        assert 5 in loaded.search(codes[:1], 50, 0).reference_rows
        if removed < ROWS:
            with pytest.raises(ValueError, match="stored already"):
                loaded.add(row_ids[-1:], codes[-1:])

    @pytest.mark.parametrize("count", [1, 2, 4, 1024])
    def test_nothing_but_equal_codes(self, config: FrameIndexConfig, tmp_path: Path, count: int) -> None:
        codes = np.tile(np.arange(CODE_BYTES, dtype=np.uint8), (count, 1))
        index = build_index(config, np.arange(count, dtype=np.int64), codes)
        index.save(tmp_path / "frames.index")
        for each in (index, load_index(tmp_path / "frames.index")):
            hits = each.search(codes[:1], count + 3, 0)
            assert hits.reference_rows.tolist() == list(range(count))
            assert each.search(codes[:1], 1, 0).reference_rows.tolist() == [0]

    def test_empty(self, config: FrameIndexConfig, codes: CodeArray, tmp_path: Path) -> None:
        index = build_index(config, *no_rows())
        assert len(index) == 0
        assert len(index.search(codes[:3], 5, CODE_BITS)) == 0
        assert index.remove(np.array([3], dtype=np.int64)) == 0
        index.add(*no_rows())
        index.save(tmp_path / "frames.index")
        loaded = load_index(tmp_path / "frames.index")
        loaded.add(np.array([9], dtype=np.int64), codes[:1])
        assert as_tuples(loaded.search(codes[:1], 5, CODE_BITS)) == [(0, 9, 0)]

    def test_no_queries(self, index: FrameIndex) -> None:
        hits = index.search(no_rows()[1], 5, CODE_BITS)
        assert len(hits) == 0
        assert hits.query_rows.dtype == hits.reference_rows.dtype == np.int64
        assert hits.distances.dtype == np.int32

    @pytest.mark.parametrize("rows", [1, 3, 40, 70])
    def test_more_neighbours_than_rows(
        self, config: FrameIndexConfig, codes: CodeArray, row_ids: RowArray, rows: int
    ) -> None:
        index = build_index(config, row_ids[:rows], codes[:rows])
        stored = dict(zip(row_ids[:rows].tolist(), codes, strict=False))
        assert self.check_hits(index, stored, codes[:2], rows + 100, CODE_BITS)

    def test_wrong_rows_are_refused_and_nothing_is_stored(
        self, index: FrameIndex, row_ids: RowArray, codes: CodeArray
    ) -> None:
        new = np.array([1, 2], dtype=np.int64)
        wrong: list[tuple[Any, Any, str]] = [
            (new.astype(np.int32), codes[:2], "int64"),
            (new[:, None], codes[:2], "int64"),
            (np.array([1, 1], dtype=np.int64), codes[:2], "repeat"),
            (np.array([1, -1], dtype=np.int64), codes[:2], "negative"),
            (np.array([1, row_ids[3]], dtype=np.int64), codes[:2], "stored already"),
            (new, codes[:3], "must agree"),
            (new, codes[:2, :64], "uint8"),
            (new, codes[0], "uint8"),
            (new, codes[:2].astype(np.float32), "uint8"),
        ]
        for ids, rows, text in wrong:
            with pytest.raises(ValueError, match=text):
                index.add(ids, rows)
        with pytest.raises(ValueError, match="int64"):
            index.remove([1, 2])  # type: ignore[arg-type]
        assert len(index) == ROWS
        assert set(index.search(codes[:2], 50, CODE_BITS).reference_rows.tolist()) <= set(row_ids.tolist())

    def test_wrong_searches_are_refused(self, index: FrameIndex, codes: CodeArray) -> None:
        for queries, neighbours, max_distance, text in [
            (codes[:2, :64], 1, 10, "uint8"),
            (codes[0], 1, 10, "uint8"),
            (codes[:2].astype(np.float32), 1, 10, "uint8"),
            (codes[:2], 0, 10, "neighbours"),
            (codes[:2], 1, -1, "max_distance"),
        ]:
            with pytest.raises(ValueError, match=text):
                index.search(queries, neighbours, max_distance)

    def test_arrays_that_are_views_or_read_only(
        self, config: FrameIndexConfig, row_ids: RowArray, codes: CodeArray
    ) -> None:
        ids, every_second = row_ids[::-2], codes[::-2]
        every_second.flags.writeable = False
        index = build_index(config, ids, every_second)
        assert {hit[:2] for hit in as_tuples(index.search(every_second, 20, 0))} >= set(enumerate(ids.tolist()))

    def test_many_threads(self, index: FrameIndex, row_ids: RowArray, codes: CodeArray) -> None:
        failures: list[BaseException] = []
        done = threading.Event()
        stays = {hit[:2] for hit in as_tuples(index.search(codes[:30], 20, 0))}

        def search() -> None:
            try:
                while not done.is_set():
                    assert {hit[:2] for hit in as_tuples(index.search(codes[:30], 20, 0))} >= stays
            except BaseException as error:
                failures.append(error)

        def change() -> None:
            try:
                for turn in range(12):
                    ids = np.arange(1, 31, dtype=np.int64) + 30 * turn
                    index.add(ids, codes[300:330])
                    assert index.remove(ids) == 30
            except BaseException as error:
                failures.append(error)

        searchers = [threading.Thread(target=search) for _ in range(3)]
        changer = threading.Thread(target=change)
        for thread in [*searchers, changer]:
            thread.start()
        changer.join()
        done.set()
        for thread in searchers:
            thread.join()
        assert failures == []
        assert len(index) == ROWS
