"""Excerpts of a library's videos as queries."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from pipeline.workshop import ScriptedVideo, Workshop, picture

from vdup.movies.maker import MovieMaker
from vdup.pipeline import excerpts as excerpts_module
from vdup.pipeline.excerpts import LONGEST_SECONDS, SHORTEST_SECONDS, Excerpt, ExcerptMaker
from vdup.pipeline.library import Library
from vdup.types import FrameBatch


@pytest.fixture(autouse=True)
def _scripted(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excerpts_module, "DecoderPool", workshop.pool)
    # Films show blank frames as black; eight pixels are too few for the real check.
    monkeypatch.setattr(excerpts_module, "is_blank", lambda image: not image.any())
    monkeypatch.setattr(excerpts_module, "edited_frames", lambda frames, rng: 255 - frames)
    monkeypatch.setattr(excerpts_module, "mildest_copy", lambda frames, rng: frames)


def made(workshop: Workshop, library: Library, copies: int = 3, seed: int = 0) -> list[list[Excerpt]]:
    maker = ExcerptMaker(library, workshop.calibration(), mirror=True)
    return list(maker.excerpts(library.videos(), copies, seed))


def test_excerpts_show_what_is_on_screen_at_their_moments(workshop: Workshop) -> None:
    with workshop.open() as library:
        library.index_all([workshop.film("a", (3, 0, 30)), workshop.film("b", (4, 5, 6))])
        found = made(workshop, library)
        assert [[item.record.id for item in part] for part in found] == [["a"] * 3, ["b"] * 3]
        for footage, begin, seconds, part in ((3, 0, 30, found[0]), (4, 5, 6, found[1])):
            for item in part:
                length = item.end_seconds - item.start_seconds
                assert SHORTEST_SECONDS <= length <= min(LONGEST_SECONDS, seconds)
                assert 0 <= item.start_seconds <= item.end_seconds <= seconds
                assert len(item.frames) == 4 * length
                for tick, frame in enumerate(item.frames):
                    expected = picture(footage, begin + item.start_seconds + tick / 4)
                    np.testing.assert_array_equal(frame, expected)
        assert len({item.start_seconds for item in found[0]}) > 1


def test_the_seed_and_the_video_decide(workshop: Workshop) -> None:
    with workshop.open() as library:
        library.index_all(workshop.films(3, 40.0))
        first, again, other = (
            [
                (item.record.id, item.start_seconds, item.seed)
                for part in made(workshop, library, 2, seed)
                for item in part
            ]
            for seed in (0, 0, 1)
        )
        assert first == again
        assert first != other
        maker = ExcerptMaker(library, workshop.calibration(), mirror=True)
        [alone] = maker.excerpts(library.videos()[1:2], 2, 0)
        assert [(item.record.id, item.start_seconds, item.seed) for item in alone] == first[2:4]


def test_videos_that_give_no_excerpts(workshop: Workshop, caplog: pytest.LogCaptureFixture) -> None:
    with workshop.open() as library:
        library.index_all([workshop.film("gone", (1, 0, 9)), workshop.film("short", (2, 0, 3.5))])
        blank = workshop.film("later blank", (5, 0, 9))
        library.index_all([blank, workshop.film("well", (6, 0, 9))])
        (workshop.folder / "gone").write_text("no script")
        workshop.film("later blank", (None, 0, 9))
        assert [len(part) for part in made(workshop, library, 2)] == [0, 0, 0, 2]
        assert "no excerpts of" in caplog.text
        assert "gone" in caplog.text


def test_a_video_that_ends_earlier_than_the_library_says(workshop: Workshop) -> None:
    with workshop.open() as library:
        library.index_all([workshop.film("a", (3, 0, 6))])
        workshop.film("a", (3, 0, 2))
        for item in made(workshop, library)[0]:
            assert len(item.frames) == 4 * (item.end_seconds - item.start_seconds)
            last = picture(3, 1.75)
            assert (item.frames[-1] == last).all()


@pytest.mark.parametrize(("seconds", "left_early"), [(200.0, True), (40.0, False)])
def test_a_long_video_is_not_decoded_to_its_end(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, seconds: float, left_early: bool
) -> None:
    read: list[float] = []
    play = ScriptedVideo.__iter__

    def watched(self: ScriptedVideo) -> Iterator[FrameBatch]:
        for batch in play(self):
            read.extend(batch.times_seconds.tolist())
            yield batch

    with workshop.open() as library:
        library.index_all([workshop.film("a", (3, 0, seconds))])
        monkeypatch.setattr(ScriptedVideo, "__iter__", watched)
        monkeypatch.setattr(ExcerptMaker, "_spans", lambda *_: [(8, 32), (20, 40)])
        [[first, second]] = made(workshop, library, 2)
        assert (first.start_seconds, first.end_seconds, second.end_seconds) == (2.0, 8.0, 10.0)
        np.testing.assert_array_equal(second.frames[-1], picture(3, 9.75))
        assert (max(read) < 20) is left_early
        assert (max(read) == seconds - 0.25) is not left_early


def test_queries_of_an_excerpt(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[FrameBatch] = []
    take = MovieMaker.take

    def remember(self: MovieMaker, batch: FrameBatch) -> None:
        taken.append(batch)
        take(self, batch)

    monkeypatch.setattr(MovieMaker, "take", remember)
    calibration = workshop.calibration()
    with workshop.open() as library:
        library.index_all([workshop.film("a", (3, 0, 30))])
        [item] = made(workshop, library, 1)[0]
        blank = replace(item, frames=np.concatenate([item.frames[:-4], np.full_like(item.frames[:4], 255)]))
        maker = ExcerptMaker(library, calibration, mirror=True)
        straight, mirrored = maker.edited(blank)
        shown = 255 - blank.frames[::2]
        np.testing.assert_array_equal(straight.codes, library.encoder.encode(shown))
        np.testing.assert_array_equal(mirrored.codes, library.encoder.encode(shown, mirrored=True))
        assert (straight.mirrored, mirrored.mirrored) == (False, True)
        for track in (straight, mirrored):
            np.testing.assert_array_equal(track.times_seconds, np.arange(len(shown)) / 2)
            assert track.searchable.tolist() == [True] * (len(shown) - 2) + [False] * 2
            np.testing.assert_array_equal(track.backgrounds, calibration.background(track.codes))
            assert track.duration_seconds == len(blank.frames) / 4
            assert track.movie is not None
            assert track.movie.pictures_per_second == 4
        assert taken[0].images.shape == (len(blank.frames), 32, 32, 1)
        assert taken[0].times_seconds.tolist() == (np.arange(len(blank.frames)) / 4).tolist()
        [alone] = ExcerptMaker(library, calibration, mirror=False).mildest(blank)
        np.testing.assert_array_equal(alone.codes, library.encoder.encode(blank.frames[::2]))
