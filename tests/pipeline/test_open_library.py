import logging
from pathlib import Path

import numpy as np
import pytest
from pipeline.workshop import DictStore, Workshop

from vdup.catalogue.records import VideoState
from vdup.config import AutoIndexConfig, LibraryConfig, MultiHashIndexConfig, SamplingConfig, StoreConfig
from vdup.errors import FingerprintError, LibraryError, LibraryLockedError, StoreDamagedError, StoreError
from vdup.pipeline import open_library
from vdup.pipeline.library import Library
from vdup.pipeline.open_library import summary
from vdup.store.edge import EdgeVideoStore
from vdup.store.open import open_store


class KilledError(Exception):
    """Stands for a process that ended here."""


def _kill(*arguments: object, **keywords: object) -> None:
    raise KilledError


def _found_by(library: Library, workshop: Workshop, video_id: str) -> set[str]:
    """Ids of the videos that share every frame of a video."""
    record = library.folder.catalogue.get(video_id)
    assert record is not None
    codes = library.folder.video_codes(record.number)
    hits, _ = library.lookup.search(np.array(codes.codes), 10, 0, 1000)
    found: set[str] | None = None
    for query in range(len(codes)):
        owners = library.folder.video_of_rows(hits.reference_rows[hits.query_rows == query]).tolist()
        names = {record.id for number in owners if (record := library.folder.catalogue.by_number(number)) is not None}
        found = names if found is None else found & names
    return found or set()


def _assert_sound(workshop: Workshop, expected: dict[str, set[str]]) -> None:
    """Opens the library anew and finds each video by its frames, with those that share them."""
    with workshop.open() as library:
        assert {record.id for record in library.videos(VideoState.indexed)} == set(expected)
        assert {name: _found_by(library, workshop, name) for name in expected} == expected
        assert library.check() == []
        assert set(workshop.stored) == {record.number for record in library.videos(VideoState.indexed)}


def _alone(*names: str) -> dict[str, set[str]]:
    return {name: {name} for name in names}


def test_library_must_exist_unless_it_may_be_made(workshop: Workshop) -> None:
    with pytest.raises(LibraryError, match="there is no library"):
        Library.open(workshop.library)
    with Library.open(workshop.library, create=True) as library:
        assert library.videos() == []
    with Library.open(str(workshop.library)) as library:
        assert library.videos() == []


def test_closing_gives_the_lock_back(workshop: Workshop) -> None:
    with workshop.open(), pytest.raises(LibraryLockedError):
        workshop.open()
    workshop.open().close()
    workshop.open().close()


def test_failure_while_opening_gives_the_lock_back(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(open_library, "FrameLookup", _kill)
        with pytest.raises(KilledError):
            workshop.open()
    workshop.open().close()


def test_settings_that_shape_codes_must_be_the_same(workshop: Workshop) -> None:
    workshop.open().close()
    with pytest.raises(FingerprintError, match=r"sampling\.library_fps: the library has 1\.0, now 2\.0"):
        workshop.open(sampling=SamplingConfig(library_fps=2.0))


@pytest.mark.parametrize(
    "place",
    [
        "vdup.pipeline.frame_lookup.FrameLookup.add",
        "vdup.pipeline.stretch_lookup.StretchLookup.add",
        "vdup.pipeline.frame_lookup.FrameLookup.save",
        "vdup.pipeline.stretch_lookup.StretchLookup.save",
        "pipeline.workshop.DictStore.upsert",
    ],
)
def test_run_that_is_cut_off_loses_no_finished_video(
    place: str, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with workshop.open() as library:
        library.index_all(workshop.films(2))
    with workshop.open() as library:
        with monkeypatch.context() as patch:
            patch.setattr(place, _kill)
            with pytest.raises(KilledError):
                library.index_all(workshop.films(3))
        # The same object goes on ...
        assert _found_by(library, workshop, "film 2") == {"film 2"}
        workshop.take_decoded()
    # ... and so does another process.
    _assert_sound(workshop, _alone("film 0", "film 1", "film 2"))
    with workshop.open() as library:
        library.index_all(workshop.films(3))
    assert workshop.take_decoded() == []


@pytest.mark.parametrize(
    "place",
    [
        "vdup.pipeline.frame_lookup.FrameLookup.forget",
        "vdup.pipeline.stretch_lookup.StretchLookup.forget",
        "vdup.pipeline.frame_lookup.FrameLookup.save",
        "vdup.catalogue.code_file.CodeFile.set_representatives",
    ],
)
def test_removal_that_is_cut_off_is_finished_later(
    place: str, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    films = [workshop.film(name, (1, 0, 8)) for name in "ab"] + [workshop.film("c", (2, 0, 8))]
    films[1][1].write_text(films[1][1].read_text() + " ")  # same pictures, another file
    with workshop.open() as library:
        library.index_all(films)
        assert _found_by(library, workshop, "b") == {"a", "b"}
        with monkeypatch.context() as patch:
            patch.setattr(place, _kill)
            with pytest.raises(KilledError):
                library.remove(["a"])
        assert _found_by(library, workshop, "b") == {"b"}
    _assert_sound(workshop, _alone("b", "c"))


def test_removed_videos_leave_others_with_the_same_content(workshop: Workshop) -> None:
    logo = (90, 0, 5)
    films = [workshop.film(f"film {number}", (number, 0, 5), logo) for number in range(4)]
    with workshop.open() as library:
        library.index_all(films)
        removed = library.remove(["film 0", "film 2"])
        assert [record.id for record in removed] == ["film 0", "film 2"]
        assert library.check() == []
    _assert_sound(workshop, _alone("film 1", "film 3"))


def test_unknown_id_removes_nothing(workshop: Workshop) -> None:
    with workshop.open() as library:
        library.index_all(workshop.films(2))
        with pytest.raises(LibraryError, match="no video has the id 'film 9'"):
            library.remove(["film 0", "film 9"])
        assert len(library.videos()) == 2
    _assert_sound(workshop, _alone("film 0", "film 1"))


def test_failed_video_can_be_removed(workshop: Workshop) -> None:
    films = workshop.films(2)
    workshop.breaking_off.add("film 0")
    with workshop.open() as library:
        library.index_all(films)
        library.remove(["film 0"])
    _assert_sound(workshop, _alone("film 1"))


def test_rebuild_gives_space_back_and_keeps_every_video(workshop: Workshop) -> None:
    with workshop.open() as library:
        library.index_all(workshop.films(4))
        library.remove(["film 0", "film 2"])
        assert library.folder.dead_rows == 12
        workshop.stored.clear()
        library.rebuild()
        assert library.folder.dead_rows == 0
        assert library.folder.next_row == 12
        library.index_all(workshop.films(1, first=7))
    _assert_sound(workshop, _alone("film 1", "film 3", "film 7"))


def test_rebuild_that_is_cut_off(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    with workshop.open() as library:
        library.index_all(workshop.films(4))
        library.remove(["film 0"])
        with monkeypatch.context() as patch:
            patch.setattr(DictStore, "upsert", _kill)
            with pytest.raises(KilledError):
                library.rebuild()
        assert _found_by(library, workshop, "film 3") == {"film 3"}
    _assert_sound(workshop, _alone("film 1", "film 2", "film 3"))


def test_rebuild_follows_the_settings(workshop: Workshop) -> None:
    with workshop.open() as library:
        library.index_all(workshop.films(2))
        assert library.lookup.index.kind == "flat"
    with workshop.open(index=MultiHashIndexConfig()) as library:
        library.rebuild()
        assert library.lookup.index.kind == "multihash"


def test_check_tells_of_damage_and_of_parts_out_of_step(workshop: Workshop) -> None:
    with workshop.open() as library:
        library.index_all(workshop.films(3))
        assert library.check() == []
        del workshop.stored[2]
        [problem] = library.check()
        assert problem.startswith("the store lacks the descriptors of 1 videos")
        library.rebuild()
        assert library.check() == []
        codes_path = library.folder.codes.codes_path
    content = bytearray(codes_path.read_bytes())
    content[7 * 128] ^= 1
    codes_path.write_bytes(content)
    with workshop.open() as library:
        [problem] = library.check()
        assert problem.startswith("film 1: its codes or times changed on the disk")


def test_descriptors_move_to_another_store(workshop: Workshop) -> None:
    with workshop.open() as library:
        library.index_all(workshop.films(3))
        seen: list[tuple[int, int]] = []
        target = DictStore({})
        assert library.move_store(target, lambda done, total: seen.append((done, total))) == 3
        assert set(target.contents) == set(workshop.stored)
        assert seen == [(3, 3)]


def test_an_empty_store_that_is_switched_to_is_filled(workshop: Workshop) -> None:
    with workshop.open() as library:
        library.index_all(workshop.films(3))
    workshop.stored = {}
    _assert_sound(workshop, _alone("film 0", "film 1", "film 2"))


def test_damaged_embedded_store_is_made_anew(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(open_library, "open_store", open_store)
    with workshop.open() as library:
        library.index_all(workshop.films(3))
        path = library.folder.store_path
    (part,) = path.glob("segments/*/segment.json")
    part.write_bytes(part.read_bytes()[:20])
    with pytest.raises(StoreDamagedError):
        EdgeVideoStore(path, 256)
    with caplog.at_level(logging.WARNING), workshop.open() as library:
        assert library.store.count() == 3
        assert library.check() == []
    assert "made anew from the stored codes" in caplog.text


def test_store_that_cannot_be_reached_is_no_reason_to_delete_anything(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = workshop.library / "descriptors" / "kept"
    with workshop.open() as library:
        library.folder.store_path.mkdir()
        kept.write_text("here")

    def refuse(config: StoreConfig, path: Path, dimensions: int) -> None:
        raise StoreError("no answer")

    monkeypatch.setattr(open_library, "open_store", refuse)
    with pytest.raises(StoreError, match="no answer"):
        workshop.open()
    assert kept.read_text() == "here"


def test_summary_counts(workshop: Workshop) -> None:
    films = [*workshop.films(3, seconds=10), workshop.film("blank", (None, 0, 5)), workshop.film("bad")]
    with workshop.open(index=AutoIndexConfig()) as library:
        library.index_all(films)
        library.remove(["film 0"])
        figures = dict(summary(library))
        assert figures.pop("megabytes on disk") == pytest.approx(0.06, abs=0.05)
        assert figures == {
            "videos indexed": 2,
            "videos failed": 1,
            "videos skipped": 1,
            "hours of video": round(20 / 3600, 3),
            "stored codes": 30,
            "codes of removed videos": 10,
            "index": "flat",
            "indexed codes": 20,
            "descriptors": 2,
            "fingerprint": library.folder.manifest.fingerprint,
        }


def test_path_alone_means_default_settings(workshop: Workshop) -> None:
    with Library.open(workshop.library, create=True) as library:
        assert library.config == LibraryConfig(library=workshop.library)
