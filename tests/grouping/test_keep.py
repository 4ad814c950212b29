import pytest
from grouping.made_overlaps import record

from vdup.catalogue.records import VideoRecord
from vdup.grouping.keep import Damaged, Held, advantages, best_copy, bits_per_second, has_more_pixels

NONE: Held = {}
SOUND: Damaged = {}


def choose(*records: VideoRecord, held: Held = NONE, damaged: Damaged = SOUND) -> tuple[str, str]:
    """The best copy, and what it has over all others."""
    by_id = {item.id: item for item in records}
    best = best_copy(list(by_id), held, by_id, damaged)
    return best, advantages(best, [one for one in by_id if one != best], held, by_id, damaged)


def test_most_pixels_win() -> None:
    best = choose(record("a", (640, 360), size_bytes=900_000), record("b", (1280, 720)))
    assert best == ("b", "most pixels (1280x720)")


def test_of_equal_sizes_the_longest_wins() -> None:
    assert choose(record("a", seconds=10.0), record("b", seconds=11.0)) == ("b", "longest (11.0 s)")


def test_of_equal_lengths_the_highest_bitrate_wins() -> None:
    best = choose(record("a", size_bytes=250_000), record("b", size_bytes=125_000))
    assert best == ("a", "highest bitrate (200 kbit/s)")


def test_a_trimmed_copy_is_not_kept_for_its_pixels() -> None:
    cut, whole = record("cut", (1920, 1080), seconds=6.0), record("whole", (640, 360))
    assert choose(cut, whole, held={"cut": {"whole"}}) == ("whole", "complete (1 of the others lacks a part)")


def test_a_copy_held_by_one_that_is_no_candidate_may_be_best() -> None:
    cut, other = record("cut", (1920, 1080), seconds=6.0), record("other", (640, 360))
    assert choose(cut, other, held={"cut": {"whole"}}) == ("cut", "most pixels (1920x1080)")


def test_reasons_add_up() -> None:
    held = {"cut": {"a", "b"}}
    best = choose(record("a"), record("b", (320, 180)), record("cut", seconds=5.0), held=held)
    assert best == ("a", "complete (1 of the others lacks a part), most pixels (640x360)")


def test_equal_copies_go_by_name() -> None:
    assert choose(record("b"), record("a")) == ("a", "")


def test_copies_that_hold_one_another_in_a_circle() -> None:
    assert choose(record("a"), record("b"), held={"a": {"b"}, "b": {"a"}})[0] == "a"


@pytest.mark.parametrize("seconds", [10.0, 10.1])
def test_a_rounded_length_decides_nothing(seconds: float) -> None:
    assert choose(record("a", size_bytes=300_000), record("b", seconds=seconds))[0] == "a"


def test_what_others_are_better_in_is_no_advantage() -> None:
    records = {"a": record("a", (320, 180), seconds=20.0), "b": record("b", (640, 360))}
    assert advantages("a", ["b"], NONE, records, SOUND) == ""


def test_a_damaged_copy_is_not_best_while_there_is_a_whole_one() -> None:
    large, small = record("large", (1920, 1080)), record("small", (640, 360))
    best = choose(large, small, damaged={"large": ((2.4, 6.6),)})
    assert best == ("small", "whole, while large is damaged from 2.4 to 6.6 s")
    both = {"large": ((2.4, 6.6),), "small": ((0.0, 0.0),)}
    assert choose(large, small, damaged=both) == ("large", "most pixels (1920x1080)")
    assert has_more_pixels("large", "small", {"large": large, "small": small})
    assert not has_more_pixels("small", "small", {"small": small})


def test_bitrate_without_a_length() -> None:
    assert bits_per_second(record("a", seconds=0.0)) == 0.0
    assert bits_per_second(record("a", seconds=10.0, size_bytes=1000)) == 800.0
