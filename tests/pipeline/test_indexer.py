import os
import weakref
from pathlib import Path
from typing import Any, Never

import numpy as np
import pytest
from pipeline.workshop import BreaksOff, Workshop, picture
from special_files import named_pipe

from vdup.catalogue.content_hash import hash_content
from vdup.catalogue.records import VideoState
from vdup.codes.runs import collapse_runs
from vdup.errors import LibraryFullError, PictureTooSmallError, StoreError
from vdup.pipeline.indexer import IndexedFile, Outcome
from vdup.pipeline.library import Library
from vdup.types import CodeArray


def _outcomes(files: list[IndexedFile]) -> dict[str, Outcome]:
    return {file.video_id: file.outcome for file in files}


def _assert_in_step(library: Library, workshop: Workshop) -> None:
    """Index, store and catalogue tell of the same videos, and each video is found by its own codes."""
    assert library.check() == []
    library.save()
    indexed = {record.number: record for record in library.videos(VideoState.indexed)}
    assert set(workshop.stored) == set(indexed)
    for number, record in indexed.items():
        codes = library.folder.video_codes(number)
        hits, _ = library.lookup.search(np.array(codes.codes[codes.searchable]), 5, 0, 1000)
        assert set(library.folder.rows_of(record)[codes.searchable].tolist()) <= set(hits.reference_rows.tolist())
        assert (library.folder.live_mask()[hits.reference_rows]).all()


def test_images_go_as_soon_as_they_are_encoded(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The images of a film of three hours would take 2 GB."""
    encode = workshop.encoder.encode
    seen: list[weakref.ref[np.ndarray[Any, Any]]] = []
    most_alive = 0

    def watched(images: np.ndarray[Any, Any]) -> CodeArray:
        nonlocal most_alive
        seen.append(weakref.ref(images))
        most_alive = max(most_alive, sum(one() is not None for one in seen))
        return encode(images)

    monkeypatch.setattr(workshop.encoder, "encode", watched)
    with workshop.open() as library:
        library.index_all([workshop.film("long", (1, 0, 200))])
    assert len(seen) > 10
    assert most_alive <= 2


def test_codes_of_every_video_are_stored(workshop: Workshop) -> None:
    scripts: list[list[tuple[int | None, int, int]]] = [[(1, 0, 8)], [(2, 10, 30), (None, 0, 3)]]
    films = [workshop.film(name, *parts) for name, parts in zip("ab", scripts, strict=True)]
    with workshop.open() as library:
        report = library.index_all(films)
        assert _outcomes(report.files) == {"a": Outcome.indexed, "b": Outcome.indexed}
        assert report.count(Outcome.indexed) == 2
        assert report.seconds_indexed == 41
        for (name, path), parts in zip(films, scripts, strict=True):
            record = library.folder.catalogue.get(name)
            assert record is not None
            pictures = [picture(footage, start + second) for footage, start, n in parts for second in range(n)]
            expected = collapse_runs(
                workshop.encoder.encode(np.stack(pictures)),
                np.arange(len(pictures), dtype=np.float64),
                np.array([footage is not None for footage, _, n in parts for _ in range(n)]),
                float(len(pictures)),
            )
            found = library.folder.video_codes(record.number)
            np.testing.assert_array_equal(found.codes, expected.codes)
            np.testing.assert_array_equal(found.ends_seconds, expected.ends_seconds)
            np.testing.assert_array_equal(found.searchable, expected.searchable)
            assert found.duration_seconds == len(pictures)
            assert (record.path, record.codec, record.frames_sampled) == (path, "script", len(pictures))
        _assert_in_step(library, workshop)


def test_second_run_decodes_nothing(workshop: Workshop) -> None:
    films = [*workshop.films(3), workshop.film("blank", (None, 0, 5))]
    with workshop.open() as library:
        library.index_all(films)
    assert workshop.take_decoded() == [name for name, _ in films]
    frames = workshop.encoder.frames
    with workshop.open() as library:
        report = library.index_all(films)
        assert [file.outcome for file in report.files] == [Outcome.unchanged] * 3 + [Outcome.skipped]
        assert report.seconds_indexed == 0
    assert workshop.take_decoded() == []
    assert workshop.encoder.frames == frames


def test_touched_file_is_not_decoded_again(workshop: Workshop) -> None:
    [(name, path)] = workshop.films(1)
    with workshop.open() as library:
        library.index_all([(name, path)])
        os.utime(path, ns=(1, 10**18))
        workshop.take_decoded()
        assert library.index_all([(name, path)]).files[0].outcome is Outcome.unchanged
        record = library.folder.catalogue.get(name)
        assert record is not None
        assert record.modified_ns == 10**18
    assert workshop.take_decoded() == []


def test_changed_file_takes_the_place_of_its_older_version(workshop: Workshop) -> None:
    films = workshop.films(3)
    with workshop.open() as library:
        library.index_all(films)
        old = library.folder.catalogue.get("film 1")
        workshop.film("film 1", (50, 0, 9.0))
        workshop.take_decoded()
        report = library.index_all(films)
        assert _outcomes(report.files)["film 1"] is Outcome.indexed
        assert workshop.take_decoded() == ["film 1"]
        new = library.folder.catalogue.get("film 1")
        assert old is not None
        assert new is not None
        assert new.number != old.number
        assert new.row_count == 9
        assert old.number not in workshop.stored
        _assert_in_step(library, workshop)
    with workshop.open() as library:
        _assert_in_step(library, workshop)


def test_changed_file_with_mostly_the_same_pictures(workshop: Workshop) -> None:
    films = [workshop.film("a", (1, 0, 10)), workshop.film("b", (1, 0, 10), (2, 0, 5))]
    with workshop.open() as library:
        library.index_all(films)
        workshop.film("a", (1, 0, 10), (3, 0, 2))
        library.index_all(films)
        workshop.film("a", (1, 2, 10), (3, 0, 2))
        library.index_all(films)
        _assert_in_step(library, workshop)
    with workshop.open() as library:
        _assert_in_step(library, workshop)


def test_moved_file_takes_its_codes_along(workshop: Workshop) -> None:
    _, path = workshop.film("old name", (1, 0, 10))
    with workshop.open() as library:
        library.index_all([("old name", path)])
        workshop.take_decoded()
        moved = path.rename(path.with_name("new name"))
        [file] = library.index_all([("new name", moved)]).files
        assert file.outcome is Outcome.indexed
        assert file.reason == "same content as old name: its codes were taken over"
        assert workshop.take_decoded() == []
        first, second = (library.folder.catalogue.get(name) for name in ("old name", "new name"))
        assert first is not None
        assert second is not None
        np.testing.assert_array_equal(
            library.folder.video_codes(first.number).codes, library.folder.video_codes(second.number).codes
        )
        assert second.frames_sampled == first.frames_sampled
        library.remove(["old name"])
        _assert_in_step(library, workshop)


def test_one_bad_file_does_not_stop_the_rest(workshop: Workshop) -> None:
    films = workshop.films(5)
    films[1][1].write_text("no film at all")
    films[2][1].unlink()
    workshop.breaking_off.add("film 3")
    with workshop.open() as library:
        report = library.index_all(films)
        assert _outcomes(report.files) == {
            "film 0": Outcome.indexed,
            "film 1": Outcome.failed,
            "film 2": Outcome.failed,
            "film 3": Outcome.failed,
            "film 4": Outcome.indexed,
        }
        reasons = {file.video_id: file.reason for file in report.files}
        assert reasons["film 1"] == "not a script"
        assert "cannot be looked at" in reasons["film 2"]
        assert reasons["film 3"] == "broke off"
        records = library.videos(VideoState.failed)
        assert {record.id: record.reason for record in records} == {
            name: reasons[name] for name in reasons if reasons[name]
        }
        _assert_in_step(library, workshop)


def test_pipes_and_devices_are_not_read(workshop: Workshop, tmp_path: Path) -> None:
    (tmp_path / "device.mp4").symlink_to("/dev/null")
    with named_pipe(tmp_path / "pipe.mp4") as pipe, workshop.open() as library:
        others = [("pipe", pipe), ("device", tmp_path / "device.mp4")]
        report = library.index_all([*workshop.films(1), *others])
    reasons = {file.video_id: file.reason for file in report.files if file.outcome is Outcome.failed}
    assert report.count(Outcome.indexed) == 1
    assert reasons == {
        "pipe": "cannot be read: it is a named pipe, not a regular file",
        "device": "cannot be read: it is a device, not a regular file",
    }


def test_video_too_small_to_tell_is_skipped(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_small(video: BreaksOff) -> Never:
        raise PictureTooSmallError(video.path, "too small")

    monkeypatch.setattr(BreaksOff, "__iter__", too_small)
    workshop.breaking_off.add("film 1")
    films = workshop.films(3)
    with workshop.open() as library:
        for outcome in (Outcome.indexed, Outcome.unchanged):
            report = library.index_all(films)
            assert _outcomes(report.files) == {"film 0": outcome, "film 1": Outcome.skipped, "film 2": outcome}
            assert [file.reason for file in report.files if file.outcome is Outcome.skipped] == ["too small"]
        assert [record.id for record in library.videos(VideoState.skipped)] == ["film 1"]
        _assert_in_step(library, workshop)


def test_failed_file_is_tried_again(workshop: Workshop) -> None:
    films = workshop.films(1)
    workshop.breaking_off.add("film 0")
    with workshop.open() as library:
        library.index_all(films)
        workshop.breaking_off.clear()
        assert library.index_all(films).files[0].outcome is Outcome.indexed
        assert library.videos(VideoState.failed) == []


def test_file_that_breaks_takes_its_older_version_out(workshop: Workshop) -> None:
    films = workshop.films(2)
    with workshop.open() as library:
        library.index_all(films)
        films[0][1].write_text("no film any more")
        assert _outcomes(library.index_all(films).files)["film 0"] is Outcome.failed
        assert [record.id for record in library.videos(VideoState.indexed)] == ["film 1"]
        _assert_in_step(library, workshop)


@pytest.mark.parametrize("parts", [[(None, 0, 5)], []])
def test_video_without_pictures_is_not_stored(parts: list[tuple[None, float, float]], workshop: Workshop) -> None:
    films = [workshop.film("a", (1, 0, 5)), workshop.film("b", *parts)]
    with workshop.open() as library:
        report = library.index_all(films)
        file = report.files[1]
        if parts:
            assert file == IndexedFile("b", Outcome.skipped, "it shows nothing but blank frames")
        else:
            assert file == IndexedFile("b", Outcome.failed, "no frame could be decoded; check that the file plays")
        _assert_in_step(library, workshop)


def test_video_that_turns_blank_takes_its_older_version_out(workshop: Workshop) -> None:
    films = workshop.films(1)
    with workshop.open() as library:
        library.index_all(films)
        workshop.film("film 0", (None, 0, 7))
        assert library.index_all(films).files[0].outcome is Outcome.skipped
        assert workshop.stored == {}
        _assert_in_step(library, workshop)


def test_progress_tells_of_each_video(workshop: Workshop) -> None:
    films = [*workshop.films(3), workshop.film("blank", (None, 0, 5))]
    with workshop.open() as library:
        library.index_all(films[:1])
        seen: list[tuple[str, int, int]] = []
        report = library.index_all(films, lambda file, done, total: seen.append((file.video_id, done, total)))
        assert [(file.video_id, place, 4) for place, file in enumerate(report.files, start=1)] == seen
        assert len(seen) == 4


def test_nothing_to_do(workshop: Workshop) -> None:
    with workshop.open() as library:
        assert library.index_all([]).files == []


def test_same_id_twice_ends_with_the_last_one(workshop: Workshop) -> None:
    first, second = workshop.film("a", (1, 0, 5)), workshop.film("b", (2, 0, 9))
    with workshop.open() as library:
        library.index_all([("twice", first[1]), ("twice", second[1])])
        [record] = library.videos()
        assert record.row_count == 9
        assert set(workshop.stored) == {record.number}
        _assert_in_step(library, workshop)


def test_descriptors_are_written_many_videos_at_a_time(workshop: Workshop) -> None:
    with workshop.open() as library:
        library.index_all(workshop.films(70, seconds=2))
        store = library.store
        assert [len(numbers) for numbers in store.writes] == [32, 32, 6]  # type: ignore[attr-defined]
        _assert_in_step(library, workshop)


def test_video_that_is_replaced_before_its_descriptors_were_written(workshop: Workshop) -> None:
    films = workshop.films(3)
    changed = workshop.film("other", (9, 0, 9))
    with workshop.open() as library:
        library.index_all([*films, ("film 1", changed[1])])
        written = [number for numbers in library.store.writes for number in numbers]  # type: ignore[attr-defined]
        assert sorted(written) == sorted(record.number for record in library.videos())
        _assert_in_step(library, workshop)


def test_library_is_saved_now_and_then(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vdup.pipeline.indexer._SAVE_EVERY_VIDEOS", 2)
    saved: list[int] = []

    def note(library: Library, save=Library.save) -> None:  # type: ignore[no-untyped-def]
        saved.append(len(library.videos()))
        save(library)

    monkeypatch.setattr(Library, "save", note)
    with workshop.open() as library:
        library.index_all(workshop.films(5))
    assert saved == [2, 4, 5]


def test_full_disk_ends_the_run_and_keeps_what_was_done(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    films = workshop.films(5)
    with workshop.open() as library:
        append = library.folder.codes.append

        def full_after_two(*arguments: Any) -> range:
            if len(library.videos()) == 2:
                raise LibraryFullError("cannot write: the disk is full")
            return append(*arguments)

        monkeypatch.setattr(library.folder.codes, "append", full_after_two)
        with pytest.raises(LibraryFullError, match="disk is full"):
            library.index_all(films)
        monkeypatch.undo()
        assert [record.id for record in library.videos()] == ["film 0", "film 1"]
        _assert_in_step(library, workshop)


def test_store_that_fails_ends_the_run_and_is_caught_up_later(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    films = workshop.films(4)

    def fail(*arguments: object) -> None:
        raise StoreError("no answer")

    with workshop.open() as library:
        with monkeypatch.context() as patch:
            patch.setattr(library.store, "upsert", fail)
            with pytest.raises(StoreError, match="no answer"):
                library.index_all(films)
        assert workshop.stored == {}
        assert len(library.videos(VideoState.indexed)) == 4
    with workshop.open() as library:
        _assert_in_step(library, workshop)


def test_file_that_changes_while_it_is_decoded_is_seen_by_the_next_run(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    [(name, path)] = workshop.films(1)
    encode = workshop.encoder.encode

    def change_meanwhile(images: np.ndarray, mirrored: bool = False) -> np.ndarray:
        workshop.film(name, (30, 0, 9))
        return encode(images, mirrored)

    with workshop.open() as library:
        with monkeypatch.context() as patch:
            patch.setattr(workshop.encoder, "encode", change_meanwhile)
            library.index_all([(name, path)])
        assert library.index_all([(name, path)]).files[0].outcome is Outcome.indexed
        assert library.videos()[0].row_count == 9


def test_file_that_changes_while_it_is_hashed_is_seen_by_the_next_run(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    [(name, path)] = workshop.films(1)

    def change_afterwards(file: Path) -> str:
        digest = hash_content(file)
        workshop.film(name, (30, 0, 9))
        return digest

    with workshop.open() as library:
        with monkeypatch.context() as patch:
            patch.setattr("vdup.pipeline.indexer.hash_content", change_afterwards)
            library.index_all([(name, path)])
        library.index_all([(name, path)])
        assert library.videos()[0].content_hash == hash_content(path)
