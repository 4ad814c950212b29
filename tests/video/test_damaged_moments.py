"""Damaged moments become stretches."""

import numpy as np

from vdup.video.damaged_moments import DamagedMoments, told_damage, without_damaged


def test_moments_that_lie_near_are_one_stretch_up_to_the_next_whole_key_frame() -> None:
    moments = DamagedMoments()
    for seconds in (5.4, 2.4, 3.0, None, 9.0, 3.9):
        moments.note(seconds)
    for seconds in (0.0, 2.0, 2.5, None, 4.0, 4.2, 6.0):
        moments.note_whole_key(seconds)
    assert moments.intervals(0.0, 12.0) == ((2.4, 4.0), (5.4, 6.0), (9.0, 12.0))


def test_times_begin_with_the_first_frame() -> None:
    moments = DamagedMoments()
    moments.note(9.5)
    moments.note(12.0)
    moments.note_whole_key(9.0)
    moments.note_whole_key(10.5)
    assert moments.intervals(10.0, 3.0) == ((0.0, 0.5), (2.0, 3.0))
    assert DamagedMoments().intervals(0.0, 3.0) == ()


def test_damage_in_words() -> None:
    assert told_damage(((3.0, 3.0),)) == "damaged at 3.0 s"
    assert told_damage(((3.0, 3.5), (8.0, 9.0))) == "damaged from 3.0 to 9.0 s"


def test_frames_of_damaged_stretches_are_not_looked_for() -> None:
    times = np.arange(6.0)
    searchable = np.array([True, False, True, True, True, True])
    found = without_damaged(searchable, times, ((2.0, 3.0), (4.5, 4.6)))
    assert found.tolist() == [True, False, False, True, True, True]
    assert searchable[2], "the argument stays"
    everything = without_damaged(searchable, times, ((0.0, 9.0),))
    assert everything.tolist() == searchable.tolist(), "damaged frames are better than none"
