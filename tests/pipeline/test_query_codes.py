import numpy as np
from pipeline.workshop import Workshop

from vdup.errors import VideoOpenError
from vdup.pipeline.query_codes import encode_queries


def test_query_codes_are_those_of_its_frames(workshop: Workshop) -> None:
    with workshop.open() as library:
        query = workshop.film("query", (3, 0, 5), (None, 0, 2))
        calibration = workshop.calibration()
        [(name, codes)] = encode_queries(library, [query], calibration, mirror=True, panels=False)
        assert name == "query"
        assert not isinstance(codes, Exception)
        assert codes.mirrored is not None
        for track, mirrored in ((codes.straight, False), (codes.mirrored, True)):
            assert track.mirrored is mirrored
            assert track.times_seconds.tolist() == np.arange(0, 7, 0.5).tolist()
            assert track.searchable.tolist() == [True] * 10 + [False] * 4
            assert track.duration_seconds == 7
            np.testing.assert_array_equal(track.backgrounds, calibration.background(track.codes))
        assert (codes.straight.codes != codes.mirrored.codes).any()
        [(_, straight_only)] = encode_queries(library, [query], calibration, mirror=False, panels=False)
        assert not isinstance(straight_only, Exception)
        assert straight_only.mirrored is None


def test_panels_have_a_row_for_every_frame_of_the_query(workshop: Workshop) -> None:
    with workshop.open() as library:
        query = workshop.film("query", (3, 0, 7))
        workshop.with_panel(query, (None, 0, 2), (5, 0, 3), (None, 0, 2))
        calibration = workshop.calibration()
        [(_, codes)] = encode_queries(library, [query], calibration, mirror=True, panels=True)
        assert not isinstance(codes, Exception)
        assert codes.tracks == (codes.straight, codes.mirrored, *codes.panels)
        assert [(track.panel, track.mirrored) for track in codes.tracks] == [
            (False, False),
            (False, True),
            (True, False),
            (True, True),
        ]
        alone = workshop.film("alone", (5, 0, 3))
        [(_, expected)] = encode_queries(library, [alone], calibration, mirror=True, panels=False)
        assert not isinstance(expected, Exception)
        for track, of_panel in zip(codes.panels, expected.tracks, strict=True):
            assert track.times_seconds.tolist() == codes.straight.times_seconds.tolist()
            assert track.searchable.tolist() == [False] * 4 + [True] * 6 + [False] * 4
            assert track.duration_seconds == 7
            np.testing.assert_array_equal(track.codes[4:10], of_panel.codes)
            np.testing.assert_array_equal(track.backgrounds[4:10], of_panel.backgrounds)
        [(_, whole_only)] = encode_queries(library, [query], calibration, mirror=False, panels=False)
        assert not isinstance(whole_only, Exception)
        assert whole_only.tracks == (whole_only.straight,)


def test_error_takes_the_place_of_a_query_that_cannot_be_read(workshop: Workshop) -> None:
    queries = workshop.films(2)
    queries[0][1].write_text("no film")
    with workshop.open() as library:
        (first, error), (second, codes) = encode_queries(
            library, queries, workshop.calibration(), mirror=False, panels=False
        )
    assert (first, second) == ("film 0", "film 1")
    assert isinstance(error, VideoOpenError)
    assert not isinstance(codes, VideoOpenError)
