"""Two movies registered: offset, speed and place come out, and other moments agree less."""

import numpy as np
import pytest
from movies.moving_pictures import Blobs

from vdup.movies.movie import Movie
from vdup.movies.registration import Registration, register

LIMITS = (0.5, 2.0)


def _registered(seed: int, speed: float, start: float, guess_seconds: float, guess_speed: float = 1.0) -> Registration:
    scene = Blobs(seed)
    reference = scene.movie(np.arange(100) / 4)
    query = scene.movie(start + speed * np.arange(33) / 4)
    return register(query, reference, (0.0, 8.0), guess_speed, guess_seconds, LIMITS)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_line_that_is_a_little_off_is_set_right(seed: int) -> None:
    found = _registered(seed, 1.0, 7.3, 7.7)
    assert found.speed == 1.0
    assert found.intercept_seconds == pytest.approx(7.3, abs=0.06)
    assert found.correlation > 0.95
    assert found.contrast > 1
    assert found.covered == pytest.approx(1.0)
    assert found.moments == 29  # four a second of what is left between the margins


def test_another_speed_is_found() -> None:
    found = _registered(4, 1.25, 5.0, 5.2, guess_speed=1.2)
    assert found.speed == pytest.approx(1.25, rel=0.02)
    assert found.speed * 4 + found.intercept_seconds == pytest.approx(10.0, abs=0.1)


def test_the_wrong_moment_agrees_less() -> None:
    right, wrong = _registered(5, 1.0, 4.0, 4.0), _registered(5, 1.0, 4.0, 13.0)
    assert right.correlation > wrong.correlation + 0.3
    assert right.contrast > wrong.contrast + 0.5
    assert right.quick_contrast > wrong.quick_contrast + 0.5
    assert right.quick_margin > 0.5 > wrong.quick_margin
    assert right.agreement.detail > 0.95 > wrong.agreement.detail
    assert right.agreement.spread > wrong.agreement.spread + 0.3
    assert right.agreement.parts == 64


def test_where_nothing_moves_nothing_agrees() -> None:
    picture = Blobs(6).draw(1.0)[None]
    still = Movie(np.repeat(picture, 40, axis=0), 4.0)
    found = register(still, still, (0.0, 8.0), 1.0, 0.0, LIMITS)
    assert found.motion < 1e-3
    assert found.contrast == pytest.approx(0.0, abs=1e-6)
    assert found.speed == 1.0
    assert found.agreement.parts == 0
    assert found.agreement.detail == pytest.approx(1.0)


def test_another_moment_of_one_pan_agrees_in_what_changes_most_and_not_in_detail() -> None:
    """The camera pans over the scene at the same pace; what moves in it is at another moment."""
    scene = Blobs(9, count=40)

    def panned(start: float) -> Movie:
        return Movie(np.stack([scene.draw(start + step / 4, left=0.02 * step) for step in range(33)]), 4.0)

    right, wrong = (register(panned(3.0), panned(start), (0.0, 8.0), 1.0, 0.0, LIMITS) for start in (3.0, 40.0))
    assert right.agreement.detail > wrong.agreement.detail + 0.4
    assert right.quick > wrong.quick + 0.4
