import numpy as np
import pytest
from vdup.train.edits.table import EDIT_NAMES, EDITS, TEMPORAL_EDITS, draw_combination, parse_edits
from vdup.train.edits.types import Frames, Surroundings

ALL = sorted(EDITS)


def blobs(seed: int, count: int, width: int, height: int) -> Frames:
    """A moving picture with structure in all three colours, asymmetric both ways."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    frames = np.empty((count, height, width, 3), np.uint8)
    phases = rng.uniform(0, 6, 3)
    for number in range(count):
        for channel in range(3):
            wave = np.sin((3 + channel) * 2.1 * x / width + phases[channel] + 0.05 * number) * np.cos(4.3 * y / height)
            frames[number, :, :, channel] = (
                110 + 70 * wave + 40 * (x > width * 0.6) * (y < height * 0.4) + 8 * (x % 5 < 2)
            )
    return frames


WIDTH, HEIGHT = 256, 144
CLIP = blobs(1, 4, WIDTH, HEIGHT)
OTHER = Surroundings(blobs(2, 3, 50, 70))


@pytest.mark.parametrize("name", ALL)
def test_edit_changes_the_picture_and_keeps_the_form(name: str) -> None:
    before = CLIP.copy()
    edited = EDITS[name].apply(CLIP, np.random.default_rng(7), OTHER)
    assert np.array_equal(CLIP, before)
    assert edited.dtype == np.uint8
    assert edited.ndim == 4
    assert edited.shape[0] == len(CLIP)
    assert edited.shape[3] == 3
    assert min(edited.shape[1:3]) >= 16
    assert edited.shape != CLIP.shape or np.abs(edited.astype(int) - CLIP).mean() > 0.5


@pytest.mark.parametrize("name", ALL)
def test_edit_repeats_for_equal_seeds(name: str) -> None:
    first = EDITS[name].apply(CLIP, np.random.default_rng(11), OTHER)
    second = EDITS[name].apply(CLIP, np.random.default_rng(11), OTHER)
    assert np.array_equal(first, second)


@pytest.mark.parametrize("name", sorted(set(ALL) - {"flip"}))
def test_edit_draws_its_parameters(name: str) -> None:
    results = [EDITS[name].apply(CLIP, np.random.default_rng(seed), OTHER) for seed in range(6)]
    assert any(first.shape != results[0].shape or not np.array_equal(first, results[0]) for first in results[1:])


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("size", [(54, 96), (64, 64), (97, 53)])
def test_edit_takes_a_single_frame_of_any_shape(name: str, size: tuple[int, int]) -> None:
    for seed in range(3):
        edited = EDITS[name].apply(blobs(3, 1, *size), np.random.default_rng(seed), OTHER)
        assert edited.shape[0] == 1
        assert edited.dtype == np.uint8


@pytest.mark.parametrize("name", [name for name in ALL if EDITS[name].needs_footage])
def test_edit_with_other_footage_says_when_it_is_missing(name: str) -> None:
    with pytest.raises(ValueError, match=f"edit {name} mixes"):
        EDITS[name].apply(CLIP, np.random.default_rng(0))


@pytest.mark.parametrize("name", ["crop", "overlay"])
@pytest.mark.parametrize("wrong", [CLIP.astype(np.float32), CLIP[0], CLIP[:0], CLIP[..., :1]])
def test_edit_refuses_what_is_no_clip(name: str, wrong: Frames) -> None:
    with pytest.raises(ValueError, match=f"edit {name} needs uint8 frames"):
        EDITS[name].apply(wrong, np.random.default_rng(0), OTHER)


def test_parameters_hold_for_a_whole_clip() -> None:
    still = np.repeat(CLIP[:1], 5, axis=0)
    for name in ("crop", "rotate", "hue", "light", "border", "blurbars", "logo", "pip_host", "pixelate"):
        surroundings = Surroundings(OTHER.frames[:1])
        edited = EDITS[name].apply(still, np.random.default_rng(2), surroundings)
        assert all(np.array_equal(frame, edited[0]) for frame in edited), name


def test_noise_is_fresh_in_every_frame() -> None:
    edited = EDITS["noise"].apply(np.repeat(CLIP[:1], 3, axis=0), np.random.default_rng(2))
    assert not np.array_equal(edited[0], edited[1])


def test_flip_mirrors_left_and_right() -> None:
    flipped = EDITS["flip"].apply(CLIP, np.random.default_rng(0))
    for x in (0, 17, WIDTH - 1):
        assert np.array_equal(flipped[:, :, x], CLIP[:, :, WIDTH - 1 - x])


def test_gray_leaves_one_hue() -> None:
    for seed in range(4):
        frame = EDITS["gray"].apply(CLIP, np.random.default_rng(seed))[0].astype(float)
        ratios = frame[..., 0] / np.maximum(frame[..., 2], 1)
        unclipped = frame.max(axis=2) < 250
        assert np.ptp(ratios[unclipped]) < 0.1


def test_hue_keeps_luminance_of_unclipped_pixels() -> None:
    weights = np.array([0.299, 0.587, 0.114])
    edited = EDITS["hue"].apply(CLIP, np.random.default_rng(5))
    inside = ((edited > 3) & (edited < 252)).all(axis=3)
    assert inside.any()
    assert np.abs((edited @ weights - CLIP @ weights)[inside]).max() < 3


def test_border_keeps_the_picture_whole() -> None:
    for seed in range(5):
        edited = EDITS["border"].apply(CLIP, np.random.default_rng(seed))
        top, left = (edited.shape[1] - HEIGHT) // 2, (edited.shape[2] - WIDTH) // 2
        assert np.array_equal(edited[:, top : top + HEIGHT, left : left + WIDTH], CLIP)
        assert edited.shape[1] * edited.shape[2] > HEIGHT * WIDTH


def test_rotate90_turns_by_quarters() -> None:
    shapes = {EDITS["rotate90"].apply(CLIP, np.random.default_rng(seed)).shape[1:3] for seed in range(10)}
    assert shapes == {(HEIGHT, WIDTH), (WIDTH, HEIGHT)}


def test_enlarged_rotation_shows_no_black_corner() -> None:
    white = np.full((1, 90, 160, 3), 255, np.uint8)
    darkest = [int(EDITS["rotate"].apply(white, np.random.default_rng(seed)).min()) for seed in range(12)]
    assert set(darkest) == {0, 255}


def test_overlay_blends_15_to_35_per_cent() -> None:
    black, white = np.zeros((2, 40, 60, 3), np.uint8), Surroundings(np.full((1, 40, 60, 3), 255, np.uint8))
    for seed in range(5):
        level = EDITS["overlay"].apply(black, np.random.default_rng(seed), white).mean()
        assert 0.14 * 255 <= level <= 0.36 * 255


def test_pip_shows_both_videos() -> None:
    red = np.zeros((1, 100, 100, 3), np.uint8) + np.array([255, 0, 0], np.uint8)
    blue = Surroundings(np.zeros((1, 30, 30, 3), np.uint8) + np.array([0, 0, 255], np.uint8))
    for seed in range(5):
        inset = (EDITS["pip"].apply(red, np.random.default_rng(seed), blue)[..., 0] > 128).mean()
        assert 0.34**2 <= inset <= 0.61**2
        host = (EDITS["pip_host"].apply(red, np.random.default_rng(seed), blue)[..., 0] > 128).mean()
        assert 1 - 0.41**2 <= host <= 1 - 0.24**2


def test_surroundings_play_forwards_and_backwards() -> None:
    steps = Surroundings(np.arange(3, dtype=np.uint8)[:, None, None, None] * np.full((1, 4, 4, 3), 40, np.uint8))
    levels = [np.asarray(steps.picture(number, (4, 4)))[0, 0, 0] for number in range(7)]
    assert levels == [0, 40, 80, 40, 0, 40, 80]


def test_parse_edits_reads_combinations() -> None:
    chain = parse_edits("hue+stickers+fast")
    assert [edit.name for edit in chain.pictures] == ["hue", "stickers"]
    assert chain.temporal is TEMPORAL_EDITS["fast"]
    assert chain.draw_time(np.random.default_rng(0)).speed >= 1.25
    assert not chain.needs_footage
    assert parse_edits("flip+pip").needs_footage
    assert parse_edits("flip").draw_time(np.random.default_rng(0)).speed == 1.0


def test_chain_applies_one_edit_after_another() -> None:
    chained = parse_edits("flip+crop").apply(CLIP, np.random.default_rng(9))
    rng = np.random.default_rng(9)
    assert np.array_equal(chained, EDITS["crop"].apply(EDITS["flip"].apply(CLIP, rng), rng))


@pytest.mark.parametrize("text", ["", "flop", "hue+", "hue stickers"])
def test_unknown_edits_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="unknown edit"):
        parse_edits(text)


def test_two_edits_of_time_are_refused() -> None:
    with pytest.raises(ValueError, match="2 edits of time"):
        parse_edits("fast+slow")


def test_combinations_mix_kinds_and_can_be_parsed() -> None:
    rng = np.random.default_rng(0)
    combinations = {draw_combination(rng) for _ in range(100)}
    assert len(combinations) > 40
    for text in combinations:
        names = text.split("+")
        assert 2 <= len(set(names)) == len(names) <= 3
        assert set(names) <= set(EDIT_NAMES)
        parse_edits(text)
