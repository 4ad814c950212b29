"""Libraries that were opened for reading: whatever state they are in, no file of them is changed."""

import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from folder_state import state_of
from pipeline.workshop import DictStore, Workshop

from vdup.catalogue.records import VideoState
from vdup.config import AggregationConfig, MeanAggregationConfig, NoAggregationConfig, WholeVideoConfig
from vdup.errors import LibraryError, LibraryLockedError
from vdup.grouping.duplicates import mark
from vdup.pipeline import open_library
from vdup.pipeline.library import Library
from vdup.pipeline.open_library import find_problems, summary
from vdup.pipeline.thresholds import keep_threshold
from vdup.pipeline.video_searcher import search_whole_videos
from vdup.store.open import open_store, open_store_to_read

MEAN = MeanAggregationConfig()


class KilledError(Exception):
    """Stands for a process that ended here."""


def _kill(*arguments: object, **keywords: object) -> None:
    raise KilledError


@pytest.fixture(autouse=True)
def own_store(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Libraries of the workshop with the store that they have in earnest."""
    monkeypatch.setattr(open_library, "open_store", open_store)
    monkeypatch.setattr(open_library, "open_store_to_read", open_store_to_read)
    monkeypatch.setattr("vdup.pipeline.video_searcher.DecoderPool", workshop.pool)


def _read(workshop: Workshop, aggregation: AggregationConfig = MEAN) -> Library:
    return Library.open(workshop.config(aggregation=aggregation), read_only=True)


def _films_found(library: Library, workshop: Workshop, footage: int) -> set[str]:
    """Ids of the films that have a part of some footage."""
    query = workshop.film("query", (footage, 0, 6))
    [result] = library.search_all([query], workshop.matcher())
    assert result.error is None
    return {match.reference_id for match in result.matches}


def _nearest(library: Library, workshop: Workshop, footage: int) -> list[str]:
    """Ids of all films that have a vector, the nearest first."""
    query = workshop.film("query", (footage, 0, 6))
    [result] = search_whole_videos(library, [query], WholeVideoConfig(threshold=0.5, nearest=50))
    return [match.reference_id for match in result.matches]


@pytest.fixture
def filled(workshop: Workshop) -> Workshop:
    with workshop.open(aggregation=MEAN) as library:
        library.index_all(workshop.films(3))
        assert library.store.count() == 3
    return workshop


def test_nothing_that_only_reads_changes_a_file(filled: Workshop) -> None:
    before = state_of(filled.library)
    for _ in range(2):
        with _read(filled) as library:
            assert [record.id for record in library.videos()] == ["film 0", "film 1", "film 2"]
        with _read(filled) as library:
            assert dict(summary(library))["descriptors"] == 3
        with _read(filled) as library:
            assert _films_found(library, filled, 1) == {"film 1"}
            assert _nearest(library, filled, 2)[0] == "film 2"
            assert library.check() == []
        assert find_problems(filled.config(aggregation=MEAN)) == []
        assert state_of(filled.library) == before


def test_reading_and_changing_find_the_same(filled: Workshop) -> None:
    query = [filled.film("parts", (0, 1, 4), (2, 0, 5))]
    with _read(filled) as library:
        read = library.search_all(query, filled.matcher()), _nearest(library, filled, 1)
    with filled.open(aggregation=MEAN) as library:
        assert (library.search_all(query, filled.matcher()), _nearest(library, filled, 1)) == read


def test_one_process_at_a_time_reads(filled: Workshop) -> None:
    with _read(filled):
        for read_only in (True, False):
            with pytest.raises(LibraryLockedError):
                Library.open(filled.config(), read_only=read_only)


def test_a_library_that_is_not_there_is_not_made(workshop: Workshop) -> None:
    with pytest.raises(LibraryError, match="there is no library"):
        _read(workshop)
    assert not workshop.library.exists()
    with pytest.raises(ValueError, match="cannot be made and opened for reading only"):
        Library.open(workshop.library, create=True, read_only=True)
    assert not workshop.library.exists()


CHANGES: list[Callable[[Library], object]] = [
    lambda library: library.index_all([]),
    lambda library: library.remove(["film 0"]),
    lambda library: library.rebuild(),
    lambda library: library.save(),
    lambda library: library.move_store(DictStore({})),
    lambda library: keep_threshold(library, 0.5, 0.9, 0.9, "pairs"),
    lambda library: mark(library, ["film 0", "film 1"], []),
]


@pytest.mark.parametrize("change", CHANGES)
def test_changes_are_refused(change: Callable[[Library], object], filled: Workshop) -> None:
    before = state_of(filled.library)
    with (
        _read(filled) as library,
        pytest.raises(
            LibraryError, match=f"{filled.library} was opened for reading only: open it with read_only=False"
        ),
    ):
        change(library)
    assert state_of(filled.library) == before


@pytest.mark.parametrize(
    "place",
    [
        "vdup.pipeline.frame_lookup.FrameLookup.add",
        "vdup.pipeline.stretch_lookup.StretchLookup.add",
        "vdup.pipeline.frame_lookup.FrameLookup.save",
        "vdup.pipeline.stretch_lookup.StretchLookup.save",
        "vdup.pipeline.whole_videos.WholeVideos.save",
        "vdup.store.edge.EdgeVideoStore.upsert",
    ],
)
def test_a_run_that_was_cut_off_is_read_as_far_as_it_came(
    place: str, filled: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with filled.open(aggregation=MEAN) as library, monkeypatch.context() as patch:
        patch.setattr(place, _kill)
        with pytest.raises(KilledError):
            library.index_all(filled.films(4))
    with (filled.library / "codes-0.bin").open("ab") as file:
        file.write(b"the beginning of the next video")
    before = state_of(filled.library)
    with _read(filled) as library:
        assert library.check() == []
        assert [_films_found(library, filled, footage) for footage in range(4)] == [
            {f"film {footage}"} for footage in range(4)
        ]
        assert sorted(_nearest(library, filled, 3)) == [f"film {number}" for number in range(4)]
        assert library.check() == []
    assert state_of(filled.library) == before
    with filled.open(aggregation=MEAN) as library:
        assert library.check() == []
        assert library.store.count() == 4
        assert (filled.library / "codes-0.bin").stat().st_size == library.folder.next_row * 128


@pytest.mark.parametrize(
    "place",
    [
        "vdup.pipeline.frame_lookup.FrameLookup.forget",
        "vdup.pipeline.stretch_lookup.StretchLookup.forget",
        "vdup.catalogue.code_file.CodeFile.set_representatives",
    ],
)
def test_a_removal_that_was_cut_off_is_mended_in_memory(
    place: str, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    films = [workshop.film("a", (1, 0, 8)), workshop.film("b", (1, 0, 8), (5, 0, 2)), workshop.film("c", (2, 0, 8))]
    with workshop.open(aggregation=MEAN) as library:
        library.index_all(films)
        with monkeypatch.context() as patch:
            patch.setattr(place, _kill)
            with pytest.raises(KilledError):
                library.remove(["a"])
    before = state_of(workshop.library)
    with _read(workshop) as library:
        assert library.check() == []
        assert _films_found(library, workshop, 1) == {"b"}
        assert _films_found(library, workshop, 2) == {"c"}
        assert sorted(_nearest(library, workshop, 1)) == ["b", "c"]
    assert state_of(workshop.library) == before
    with workshop.open(aggregation=MEAN) as library:
        assert _films_found(library, workshop, 1) == {"b"}
        assert library.check() == []
        assert library.store.count() == 2


def _delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def _spoil(path: Path) -> None:
    for file in [path] if path.is_file() else path.glob("edge_config.json"):
        file.write_bytes(b"spoilt")


@pytest.mark.parametrize("harm", [_delete, _spoil])
@pytest.mark.parametrize("name", ["frames-0.index", "descriptors", "videos-*"])
def test_what_is_made_from_the_codes_may_be_missing_or_damaged(
    name: str, harm: Callable[[Path], None], filled: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    [path] = filled.library.glob(name)
    harm(path)
    before = state_of(filled.library)
    with caplog.at_level(logging.WARNING), _read(filled) as library:
        problems = library.check()
        assert _films_found(library, filled, 1) == {"film 1"}
        assert _nearest(library, filled, 2)[0] == "film 2"
        assert library.check() == problems
    assert state_of(filled.library) == before
    assert (str(path) in caplog.text) is (harm is _spoil)
    if name == "descriptors":
        assert problems == ["the store lacks the descriptors of 3 videos; run `python -m vdup.library action=rebuild`"]
    else:
        assert problems == []
    # What the message says to do helps.
    with filled.open(aggregation=MEAN) as library:
        library.rebuild()
    assert find_problems(filled.config(aggregation=MEAN)) == []
    assert next(filled.library.glob(name.replace("0", "1"))).exists()


def test_a_library_too_damaged_to_be_opened_is_a_problem_of_it(filled: Workshop) -> None:
    (filled.library / "codes-0.bin").unlink()
    [problem] = find_problems(filled.config())
    assert "codes-0.bin is missing, and the catalogue names generation 0" in problem


def test_vectors_of_whole_videos_are_written_when_a_library_is_saved(workshop: Workshop) -> None:
    with workshop.open(aggregation=MEAN) as library:
        assert list(workshop.library.glob("videos-*")) == []
        library.index_all(workshop.films(2))
        [place] = workshop.library.glob("videos-*")
        library.remove(["film 0"])
    with _read(workshop) as library:
        assert library.whole_videos is not None
        assert library.whole_videos._opened().video_numbers() == {2}
    with workshop.open(aggregation=NoAggregationConfig()) as library:
        library.index_all(workshop.films(2))
    assert list(workshop.library.glob("videos-*")) == [place]


def test_a_folder_of_films_in_the_library_is_no_store_of_other_weights(workshop: Workshop) -> None:
    films = [workshop.library / name / "film.mp4" for name in ("videos-holiday", "videos-0123456789ab")]
    with workshop.open(aggregation=MEAN) as library:
        for film in films:
            film.parent.mkdir()
            film.write_bytes(b"film")
        older = workshop.library / "videos-ffffffffffff"
        (older / "wal").mkdir(parents=True)
        library.index_all(workshop.films(1))
    assert [film.read_bytes() for film in films] == [b"film", b"film"]
    assert not older.exists()


@pytest.mark.parametrize("name", ["descriptors", "videos-*"])
def test_a_damaged_store_is_not_deleted_with_what_lies_in_its_folder(
    name: str, filled: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    [path] = filled.library.glob(name)
    _spoil(path)
    (path / "film.mp4").write_bytes(b"film")
    with filled.open(aggregation=MEAN) as library:
        assert _nearest(library, filled, 2)[0] == "film 2"
        assert library.store.count() == 3
    [kept] = filled.library.glob(f"{path.name}.set-aside-*")
    assert (kept / "film.mp4").read_bytes() == b"film"
    assert f"{path} holds more than a store of descriptors; it is now {kept.name}" in caplog.text
    assert find_problems(filled.config(aggregation=MEAN)) == []


def test_a_video_that_is_gone_from_the_catalogue_is_not_found(filled: Workshop) -> None:
    with filled.open(aggregation=MEAN) as library:
        library.folder.remove(["film 1"])
    before = state_of(filled.library)
    with _read(filled) as library:
        assert _films_found(library, filled, 1) == set()
        assert sorted(_nearest(library, filled, 1)) == ["film 0", "film 2"]
        assert len(library.videos(VideoState.indexed)) == 2
    assert state_of(filled.library) == before
