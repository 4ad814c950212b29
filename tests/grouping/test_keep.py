import pytest
from grouping.made_overlaps import link, record

from vdup.catalogue.records import VideoRecord
from vdup.grouping.groups import group_overlaps
from vdup.grouping.keep import Choice, best_copy, bits_per_second
from vdup.grouping.overlap import Overlap


def choose(overlaps: list[Overlap], *records: VideoRecord) -> Choice:
    [group] = group_overlaps(overlaps, 0.8, 0.9, 280.0).groups
    return best_copy(group, {item.id: item for item in records}, 0.8)


def test_most_pixels_win() -> None:
    choice = choose([link("a", "b")], record("a", (640, 360), size_bytes=900_000), record("b", (1280, 720)))
    assert choice == Choice("b", "most pixels (1280x720)")


def test_of_equal_sizes_the_longest_wins() -> None:
    choice = choose([link("a", "b")], record("a", seconds=10.0), record("b", seconds=11.0))
    assert choice == Choice("b", "longest (11.0 s)")


def test_of_equal_lengths_the_highest_bitrate_wins() -> None:
    choice = choose([link("a", "b")], record("a", size_bytes=250_000), record("b", size_bytes=125_000))
    assert choice == Choice("a", "highest bitrate (200 kbit/s)")


def test_a_trimmed_copy_is_not_kept_for_its_pixels() -> None:
    trimmed = link("cut", "whole", shares=(1.0, 0.6))
    choice = choose([trimmed], record("cut", (1920, 1080), seconds=6.0), record("whole", (640, 360)))
    assert choice.keep == "whole"
    assert choice.reason == "complete (1 of the others lacks a part)"


def test_reasons_add_up() -> None:
    overlaps = [link("a", "b"), link("cut", "a", shares=(1.0, 0.5)), link("cut", "b", shares=(1.0, 0.5))]
    choice = choose(overlaps, record("a"), record("b", (320, 180)), record("cut", seconds=5.0))
    assert choice == Choice("a", "complete (1 of the others lacks a part), most pixels (640x360)")


def test_equal_copies_go_by_name_and_say_so() -> None:
    assert choose([link("b", "a")], record("a"), record("b")) == Choice("a", "all are alike; the first by name")


@pytest.mark.parametrize("seconds", [10.0, 10.1])
def test_a_rounded_length_decides_nothing(seconds: float) -> None:
    choice = choose([link("a", "b")], record("a", size_bytes=300_000), record("b", seconds=seconds))
    assert choice.keep == "a"


def test_bitrate_without_a_length() -> None:
    assert bits_per_second(record("a", seconds=0.0)) == 0.0
    assert bits_per_second(record("a", seconds=10.0, size_bytes=1000)) == 800.0
