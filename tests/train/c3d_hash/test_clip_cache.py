import logging
from pathlib import Path

import numpy as np
import pytest
from action_folder import moving_square
from vdup.train.c3d_hash.clip_cache import ClipCache

from vdup.config import SamplingConfig
from vdup.errors import ConfigError
from vdup.video.writer import write_video

SAMPLING = SamplingConfig(workers=1)


def test_clips_are_decoded_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    paths = [tmp_path / f"{name}.avi" for name in ("a", "broken", "b", "absent")]
    for path, down in ((paths[0], True), (paths[2], False)):
        write_video(path, moving_square(down, 1), 12, "mpeg4")
    paths[1].write_bytes(b"no video")
    cache = ClipCache(tmp_path / "cache", frames=4, side_pixels=24)
    seen: list[tuple[int, int]] = []
    with caplog.at_level(logging.WARNING):
        usable = cache.fill(paths, SAMPLING, lambda done, total: seen.append((done, total)))
    assert usable.tolist() == [True, False, True, False]
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert "broken.avi" in caplog.text
    assert "absent.avi" in caplog.text
    clips = cache.load([paths[0], paths[2]])
    assert clips.shape == (2, 4, 24, 24, 3)
    seen.clear()
    again = ClipCache(tmp_path / "cache", frames=4, side_pixels=24)
    assert again.fill([paths[0], paths[2]], SAMPLING, lambda done, total: seen.append((done, total))).all()
    assert seen == []
    assert np.array_equal(again.load([paths[0], paths[2]]), clips)


def test_a_damaged_clip_is_named(tmp_path: Path) -> None:
    video = tmp_path / "a.avi"
    write_video(video, moving_square(True, 1), 12, "mpeg4")
    cache = ClipCache(tmp_path / "cache", frames=2, side_pixels=16)
    cache.fill([video], SAMPLING)
    [file] = (tmp_path / "cache").rglob("*.npy")
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(ConfigError, match=rf"{file.name} is damaged or gone"):
        cache.load([video])
