import numpy as np
import pytest
from vdup.train.visil.compose import Composer, retimed
from vdup.train.visil.tracks import ClipTracks, Rows

CLIPS, COPIES, FRAMES, REGIONS, DIMENSIONS = 8, 2, 10, 3, 6


def tracks(scenes: tuple[int, ...] = (0, 0, 1, 2, 3, 4, 5, 6)) -> ClipTracks:
    shape = (CLIPS, 1 + COPIES, FRAMES, REGIONS, DIMENSIONS)
    vectors = np.random.default_rng(0).normal(size=shape)
    return ClipTracks(vectors.astype(np.float16), np.array(scenes), "d")


@pytest.fixture
def composer() -> Composer:
    return Composer(tracks(), np.arange(CLIPS))


def runs(rows: Rows) -> list[Rows]:
    """Stretches of one clip each."""
    cuts = np.flatnonzero(np.diff(rows[:, 0])) + 1
    return np.split(rows, cuts)


@pytest.mark.parametrize("length", [8, 9, 24])
def test_every_tempo_keeps_the_order_and_four_frames(length: int) -> None:
    seen = set()
    for seed in range(200):
        frames = retimed(length, np.random.default_rng(seed))
        assert np.all(np.diff(frames) >= 0)
        assert frames[0] >= 0
        assert frames[-1] < length
        assert len(np.unique(frames)) >= 4
        steps = np.diff(frames)
        seen.add((len(frames) < length, len(frames) > length, bool((steps == 0).any()), bool((steps > 1).any())))
    assert (False, False, False, False) in seen, "as it is"
    assert any(is_shorter and misses for is_shorter, _, _, misses in seen), "faster, or with a part missing"
    assert any(is_longer and repeats for _, is_longer, repeats, _ in seen), "slower, or with a pause"


def test_a_query_is_a_copy_inside_other_footage(composer: Composer) -> None:
    filled = 0
    for seed in range(50):
        rows = composer.query(3, 2, np.random.default_rng(seed))
        own = rows[rows[:, 0] == 3]
        assert len(own) >= 4
        assert (own[:, 1] == 2).all()
        assert len(runs(rows)) <= 5
        assert len(rows) - len(own) <= FRAMES
        filled += len(rows) > len(own)
    assert 20 < filled < 50


def test_footage_around_a_copy_is_of_other_scenes(composer: Composer) -> None:
    for seed in range(50):
        rows = composer.query(0, 1, np.random.default_rng(seed))
        assert 1 not in rows[:, 0], "clip 1 is of the same scene"


def test_a_positive_is_as_long_as_a_clip(composer: Composer) -> None:
    whole = composer.positive(4, 0, np.random.default_rng(0))
    np.testing.assert_array_equal(whole, [[4, 0, place] for place in range(FRAMES)])
    for seed in range(50):
        rows = composer.positive(4, 1, np.random.default_rng(seed))
        assert rows.shape == (FRAMES, 3)
        assert (rows[rows[:, 0] == 4, 1] == 1).all()


def test_a_negative_shows_nothing_of_the_clip(composer: Composer) -> None:
    kinds = set()
    for seed in range(80):
        rng = np.random.default_rng(seed)
        rows = composer.negative(0, composer.query(0, 1, rng), rng)
        assert rows.shape == (FRAMES, 3)
        assert 0 not in rows[:, 0]
        kinds.add("moment" if (rows[:, 0] == 1).all() else "video" if len(runs(rows)) == 1 else "collage")
    assert kinds == {"moment", "video", "collage"}


def test_a_collage_follows_the_query() -> None:
    """Of clips whose frames repeat those of another one, a collage takes the frames that look like the query's."""
    vectors = np.zeros((12, 1, 8, 1, 16), np.float16)
    for clip in range(12):
        for frame in range(8):
            vectors[clip, 0, frame, 0, frame] = 1
    composer = Composer(ClipTracks(vectors, np.arange(12), "d"), np.arange(12))
    query = np.array([[0, 0, place] for place in (5, 2, 7, 1)])
    found = []
    for seed in range(60):
        rows = composer.negative(0, query, np.random.default_rng(seed))
        if len(runs(rows)) > 1:
            found.append(sorted(rows[:, 2].tolist()))
    assert len(found) > 5
    assert all(places == [1, 1, 2, 2, 5, 5, 7, 7] for places in found)


def test_a_triplet_shares_footage(composer: Composer) -> None:
    swapped = 0
    for seed in range(60):
        query, positive, negative = composer.triplet(2, np.random.default_rng(seed))
        shown = [{int(row[2]) for row in rows if row[0] == 2} for rows in (query, positive)]
        assert len(shown[0] & shown[1]) >= 4
        assert 2 not in negative[:, 0]
        sides = [set(rows[rows[:, 0] == 2, 1].tolist()) for rows in (query, positive)]
        assert (0 in sides[0]) is not (0 in sides[1]), "one side is the original, the other a copy"
        swapped += 0 in sides[0]
    assert 5 < swapped < 55


def test_equal_states_draw_equal_triplets(composer: Composer) -> None:
    one, two = (composer.triplet(5, np.random.default_rng(9)) for _ in range(2))
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a, b)


def test_only_the_clips_given_are_drawn_from() -> None:
    composer = Composer(tracks(), np.array([2, 3, 4]))
    drawn: set[int] = set()
    for seed in range(30):
        drawn |= set(composer.query(7, 1, np.random.default_rng(seed))[:, 0].tolist())
    assert drawn == {7, 2, 3, 4}


def test_clips_of_one_scene_are_too_few() -> None:
    with pytest.raises(ValueError, match="no copy and non-copy"):
        Composer(tracks(), np.array([0, 1]))
