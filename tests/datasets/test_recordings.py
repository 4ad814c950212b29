import math
from pathlib import Path

import numpy as np
import pytest
from miniature_datasets import write, write_climbing, write_madonna

from vdup.datasets.base import Presence, VideoFile, presence
from vdup.datasets.recordings import Recording, load_climbing, load_madonna
from vdup.errors import ConfigError


def test_madonna(tmp_path: Path) -> None:
    write_madonna(tmp_path)
    event = load_madonna(tmp_path)
    one, two, three, four = event.recordings
    assert event.name == "Madonna"
    assert two == Recording(VideoFile("cam2/two two.mp4", tmp_path / "videos" / "two two.mp4"), 0.0, 20.0, 10.5)
    assert presence(event.queries) == Presence(present=3, missing=1)
    assert event.references == event.queries
    # What is at 12 s of camera 1 is at 1.5 s of camera 2.
    assert one.offset_seconds(two) == -10.5
    assert two.offset_seconds(one) == 10.5
    assert [one.overlaps(other) for other in (two, three, four)] == [True, False, True]


def test_climbing(tmp_path: Path) -> None:
    write_climbing(tmp_path)
    long, a, b, c = load_climbing(tmp_path).recordings
    assert long.video == VideoFile("ixus/longvid.avi", tmp_path / "videos" / "ixus" / "longvid.avi.mp4")
    assert (b.start_seconds, b.end_seconds, b.global_seconds) == (5.0, 8.0, 40.0)
    assert b.offset_seconds(long) == 40.0  # 6 s of b is 46 s of the long video
    assert all(clip.overlaps(long) for clip in (a, b, c))
    assert not a.overlaps(c)  # one ends at 20 s, where the other begins
    assert c.video.path is None


def test_published_features_are_found(tmp_path: Path) -> None:
    write_madonna(tmp_path)
    write(tmp_path / "rmac_resnet34_29" / "two two.pkl")
    event = load_madonna(tmp_path, features=Path("rmac_resnet34_29"))
    assert [video.path and video.path.name for video in event.queries] == [None, "two two.pkl", None, None]


def overlaps_naively(a: Recording, b: Recording) -> bool:
    """The definition: both stretches as points a hundredth of a second apart."""

    def points(recording: Recording) -> set[int]:
        start, end = (
            recording.global_seconds + recording.start_seconds,
            recording.global_seconds + recording.end_seconds,
        )
        return {round(start * 100) + step for step in range(math.ceil(round((end - start) * 100, 6)))}

    return bool(points(a) & points(b))


def test_overlap_is_that_of_the_definition() -> None:
    random = np.random.default_rng(0)
    video = VideoFile("a", None)
    outcomes = set()
    for _ in range(400):
        values = random.integers(0, 60, 6) / 100
        a = Recording(video, values[0], values[0] + values[1] + 0.01, values[2])
        b = Recording(video, values[3], values[3] + values[4] + 0.01, values[5])
        assert a.overlaps(b) == b.overlaps(a) == overlaps_naively(a, b)
        outcomes.add(a.overlaps(b))
    assert outcomes == {True, False}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("b.mp4 0 10", "a line must be 'path begin end global'"),
        ("b.mp4 0 ten 0", "end must be a number, got 'ten'"),
        ("b.mp4 0 10 nan", "global must be finite"),
        ("b.mp4 10 10 0", "end 10.0 does not lie behind begin 10.0"),
        ("a.mp4 0 10 0", "a.mp4 has a line already"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, said: str) -> None:
    write(tmp_path / "gt_climbing.align", "", "a.mp4 0 10 0", line)
    with pytest.raises(ConfigError, match=r"gt_climbing\.align:3: ") as caught:
        load_climbing(tmp_path)
    assert said in str(caught.value)


def test_a_missing_or_empty_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gt_madonna\.align cannot be read"):
        load_madonna(tmp_path)
    write(tmp_path / "gt_madonna.align", "")
    with pytest.raises(ConfigError, match=r"gt_madonna\.align: there is no line in it"):
        load_madonna(tmp_path)
