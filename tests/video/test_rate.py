import pytest

from vdup.video.rate import LEAST_FRAMES, rate_for


@pytest.mark.parametrize(
    ("rate", "seconds", "expected"),
    [(2.0, 100.0, 2.0), (2.0, 3.0, 2.0), (2.0, 1.0, 6.0), (1.0, 4.0, 1.5), (1.0, None, 1.0), (1.0, 0.0, 1.0)],
)
def test_short_videos_are_sampled_more_finely(rate: float, seconds: float | None, expected: float) -> None:
    assert rate_for(rate, seconds) == pytest.approx(expected)


def test_so_many_frames_as_are_wanted() -> None:
    assert LEAST_FRAMES == 6
    assert rate_for(1.0, 2.0, least_frames=1) == 1.0
    assert rate_for(1.0, 2.0, least_frames=8) == 4.0
