"""What was done to the picture of a copy, told from movies, boxes and colours of which it is known."""

from dataclasses import replace

import numpy as np
import pytest
from movies.made_registration import made_registration
from movies.moving_pictures import Blobs

from vdup.align.edits import GEOMETRY_INPUTS, ReferencePictures, confidence, tell_edits
from vdup.align.line_fit import Line
from vdup.align.matcher import QueryTrack, ScoredSegment
from vdup.align.refine import Segment
from vdup.movies.movie import Movie
from vdup.movies.picture_track import PictureTrack
from vdup.movies.storage import PackedMovie, pack_movie
from vdup.types import CODE_BYTES, Colour, Edits, Placement, Rectangle

SCENE = Blobs(3)
WHOLE = Rectangle(0.0, 0.0, 1.0, 1.0)
SECONDS = 8.0
RNG = np.random.default_rng(9)
CELLS = RNG.integers(-60, 60, (4, 4, 2)).astype(np.int8)


def _packed(movie: Movie) -> PackedMovie:
    return PackedMovie(list(pack_movie(movie)))


def _scene(**rectangle: float) -> Movie:
    return SCENE.movie(np.arange(round(4 * SECONDS)) / 4, **rectangle)


def _pictures(box: Rectangle, cells: int, colours: np.ndarray, step_seconds: float) -> PictureTrack:
    count = round(SECONDS / step_seconds)
    boxes = np.tile(np.array([box.top, box.left, box.height, box.width], np.float32), (count, 1))
    grid = colours.repeat(cells // 4, axis=0).repeat(cells // 4, axis=1)
    times = np.arange(count, dtype=np.float64) * step_seconds
    return PictureTrack(times, boxes, np.tile(grid, (count, 1, 1, 1)))


def _track(movie: Movie | None, box: Rectangle, colours: np.ndarray, *, panel: bool = False) -> QueryTrack:
    return QueryTrack(
        codes=np.zeros((16, CODE_BYTES), dtype=np.uint8),
        times_seconds=np.arange(16) / 2,
        searchable=np.ones(16, dtype=np.bool_),
        backgrounds=np.zeros(16, dtype=np.float32),
        duration_seconds=SECONDS,
        mirrored=False,
        panel=panel,
        movie=None if movie is None else _packed(movie),
        pictures=_pictures(box, 16, colours, 0.5),
    )


def _segment(placement: Placement, *, correlation: float = 0.9, panel: bool = False) -> ScoredSegment:
    none = np.zeros(0, dtype=np.int64)
    segment = Segment(Line(1.0, 0.0), 0.0, SECONDS, 0.0, SECONDS, none, none, np.zeros(0, dtype=np.float32))
    registration = replace(made_registration(correlation=correlation), placement=placement)
    return ScoredSegment(segment, 10.0, 0.9, 5, 5, 60.0, 0.9, mirrored=False, panel=panel, registration=registration)


def _reference(box: Rectangle = WHOLE) -> ReferencePictures:
    return ReferencePictures(_packed(_scene()), _pictures(box, 4, CELLS, 2.0))


def _told(scored: ScoredSegment, tracks: list[QueryTrack], reference: ReferencePictures) -> Edits:
    edits = tell_edits(scored, tracks, reference)
    assert edits is not None
    return edits


def test_a_plain_copy() -> None:
    edits = _told(_segment(Placement.whole()), [_track(_scene(), WHOLE, CELLS)], _reference())
    assert (edits.shown, edits.fills) == (WHOLE, WHOLE)
    assert (edits.mirrored, edits.turned_degrees, edits.colour) == (False, 0, Colour.kept)
    assert 0 < edits.confidence < 1
    assert edits.confidence_inputs is not None
    assert set(edits.confidence_inputs) == set(GEOMETRY_INPUTS)


def test_a_crop_in_grey_within_bars() -> None:
    movie = _scene(top=0.2, height=0.7)
    rough = Placement(-0.2 / 0.7, 0.0, 1 / 0.7, 1.0, mirrored=False, quarter_turns=0)
    track = _track(movie, Rectangle(0.0, 0.25, 1.0, 0.5), np.zeros_like(CELLS))
    edits = _told(_segment(rough), [track], _reference())
    assert edits.shown.likeness(Rectangle(0.2, 0.0, 0.7, 1.0)) > 0.9
    assert edits.fills.likeness(Rectangle(0.0, 0.25, 1.0, 0.5)) > 0.95
    assert edits.colour is Colour.grey


def test_a_tilt_is_told_and_made_finer() -> None:
    track = _track(_scene(tilt_degrees=11.0, shape=16 / 9), WHOLE, CELLS)
    edits = _told(_segment(replace(Placement.whole(), tilt_degrees=9.0)), [track], _reference())
    assert edits.tilted_degrees == pytest.approx(11.0, abs=1.5)
    assert edits.fills.likeness(WHOLE) > 0.9
    assert (edits.mirrored, edits.turned_degrees) == (False, 0)


def test_bars_of_the_reference_come_along_or_are_cut_off() -> None:
    letterbox = Rectangle(0.125, 0.0, 0.75, 1.0)
    cut_off = _told(_segment(Placement.whole()), [_track(_scene(), WHOLE, CELLS)], _reference(letterbox))
    assert cut_off.shown.likeness(letterbox) > 0.99
    assert cut_off.fills == WHOLE
    along = _told(_segment(Placement.whole()), [_track(_scene(), letterbox, CELLS)], _reference(letterbox))
    assert along.shown.likeness(WHOLE) > 0.99
    assert along.fills.likeness(WHOLE) > 0.99


def test_a_panel_is_where_its_borders_are() -> None:
    panel = Rectangle(0.5, 0.5, 0.5, 0.5)
    host = Blobs(77).movie(np.arange(round(4 * SECONDS)) / 4).pictures.copy()
    host[:, 16:, 16:] = _scene().pictures.reshape(-1, 16, 2, 16, 2).mean(axis=(2, 4))
    tracks = [_track(Movie(host, 4.0), WHOLE, CELLS), _track(None, panel, CELLS, panel=True)]
    scored = _segment(Placement(0.0, 0.0, 0.5, 0.5, False, 0), correlation=0.1, panel=True)
    edits = _told(scored, tracks, _reference())
    assert edits.fills.likeness(panel) > 0.9
    assert edits.shown.likeness(WHOLE) > 0.9


def test_what_is_not_known_is_not_told() -> None:
    scored, tracks = _segment(Placement.whole()), [_track(_scene(), WHOLE, CELLS)]
    before = _told(scored, tracks, ReferencePictures(_packed(_scene()), None))
    assert (before.shown, before.colour) == (WHOLE, None)
    assert tell_edits(replace(scored, registration=None), tracks, _reference()) is None
    assert tell_edits(scored, tracks, ReferencePictures(None, None)) is None
    assert tell_edits(scored, [replace(tracks[0], movie=None)], _reference()) is None
    assert tell_edits(scored, [], _reference()) is None


@pytest.mark.parametrize("name", ["sharpness", "contrast"])
def test_what_fits_better_is_surer(name: str) -> None:
    inputs = dict.fromkeys(GEOMETRY_INPUTS, 0.3)
    assert confidence(inputs) < confidence({**inputs, name: 1.5})
