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
