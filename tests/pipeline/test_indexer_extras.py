"""What indexing keeps of a video besides its codes."""

import numpy as np
from pipeline.workshop import Workshop, picture

from vdup.movies.picture_track import STORED_CELLS, colours_of, unpack_picture_track


def test_colours_are_kept_and_go_with_a_moved_file(workshop: Workshop) -> None:
    name, path = workshop.film("first", (1, 0, 10))
    with workshop.open() as library:
        library.index_all([(name, path)])
        library.index_all([("moved", path)])
        extras = library.folder.catalogue.extras
        packed = {record.id: extras.picture_track(record.number) for record in library.videos()}
    assert packed["moved"] is not None
    assert packed["moved"] == packed["first"]
    track = unpack_picture_track(packed["moved"])
    assert track.times_seconds.tolist() == [0, 2, 4, 6, 8]
    expected = np.stack([colours_of(picture(1, float(second)), STORED_CELLS) for second in range(0, 10, 2)])
    assert np.abs(track.colours.astype(int) - expected).max() <= 1


def test_damage_is_kept_and_goes_with_a_moved_file(workshop: Workshop) -> None:
    _, path = workshop.film("damaged", (1, 0, 10))
    with workshop.open() as library:
        library.index_all([("damaged", path), workshop.film("sound", (2, 0, 10))])
        library.index_all([("moved", path.rename(path.with_name("moved")))])
        extras = library.folder.catalogue.extras
        damage = {record.id: extras.damaged_seconds(record.number) for record in library.videos()}
        assert library.folder.video_codes(1).searchable.tolist()[:3] == [True, False, True]
    assert damage == {"damaged": ((1.0, 2.0),), "moved": ((1.0, 2.0),), "sound": ()}
