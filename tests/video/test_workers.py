import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import sample_functions
from video.moving_panels import inset, scene

from vdup.errors import (
    DecoderCrashError,
    DecoderTimeoutError,
    NoVideoStreamError,
    VideoDecodeError,
    VideoError,
    VideoOpenError,
)
from vdup.video.decoding_process import HELD_BACK_FRAMES, SampleFunction
from vdup.video.sampler import SHOT_LIMIT_FRAMES, STRETCH_FRAMES, sample_video
from vdup.video.workers import DecodedVideo, DecoderPool
from vdup.video.writer import write_video


def make_pool(
    *,
    workers: int = 1,
    sample: SampleFunction = sample_functions.by_name,
    side_pixels: int = sample_functions.SIDE,
    base_seconds: float = 30.0,
    per_second: float = 1.0,
) -> DecoderPool:
    return DecoderPool(
        workers=workers,
        frames_per_second=4.0,
        side_pixels=side_pixels,
        crop_bars=True,
        timeout_base_seconds=base_seconds,
        timeout_per_second=per_second,
        batch_size=2,
        sample=sample,
    )


def read(video: DecodedVideo) -> list[int] | type[VideoError]:
    """Numbers of the batches, or the error."""
    try:
        return [int(batch.images[0, 0, 0, 0]) for batch in video]
    except VideoError as error:
        return type(error)


def names(folder: Path, entries: Iterable[str]) -> list[Path]:
    return [folder / entry for entry in entries]


def wait_until(happened: Path, text: str) -> None:
    for _ in range(400):
        if happened.exists() and happened.read_text() == text:
            return
        time.sleep(0.025)
    raise AssertionError(f"{happened} never held {text}")


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    # An ended child of a process that is gone may wait as a zombie for its new parent.
    status = Path(f"/proc/{process}/stat")
    return not (status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] == "Z")


def test_batches_arrive_whole(tmp_path: Path) -> None:
    with make_pool() as pool:
        (video,) = [video for video in pool.videos([tmp_path / "3"]) if list_batches(video)]
    assert video.path == tmp_path / "3"
    assert (video.info.width, video.info.height, video.info.codec) == (640, 360, "test")
    assert video.duration_seconds == 1.5
    assert video.decode_seconds > 0


def list_batches(video: DecodedVideo) -> bool:
    batches = list(video)
    assert [len(batch) for batch in batches] == [2, 2, 2]
    for number, batch in enumerate(batches):
        assert batch.images.shape == (2, sample_functions.SIDE, sample_functions.SIDE, 3)
        assert (batch.images == number).all()
        np.testing.assert_array_equal(batch.times_seconds, [number / 2, number / 2 + 0.25])
        np.testing.assert_array_equal(batch.searchable, [True, False])
        assert batch.images.flags.writeable
    return True


def test_input_order_is_kept_whatever_the_speed(tmp_path: Path) -> None:
    paths = names(tmp_path, ["6-slow", "1", "0", "4-slow", *(str(i) for i in range(1, 12))])
    with make_pool(workers=3) as pool:
        seen = [(video.path, read(video)) for video in pool.videos(paths)]
    assert seen == [(path, list(range(int(path.name.split("-")[0])))) for path in paths]


def test_every_failure_costs_its_own_file_only(tmp_path: Path) -> None:
    expected: dict[str, list[int] | type[VideoError]] = {
        "2": [0, 1],
        "0-unopened": VideoOpenError,
        "0-soundtrack": NoVideoStreamError,
        "1-exit": DecoderCrashError,
        "3": [0, 1, 2],
        "0-crash": DecoderCrashError,
        "1-bug": VideoDecodeError,
        "1-short": VideoDecodeError,
        "1": [0],
    }
    with make_pool(workers=2) as pool:
        results = {video.path.name: read(video) for video in pool.videos(names(tmp_path, expected))}
    assert results == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [("1-exit", "exited with code 3"), ("1-crash", "killed by SIGSEGV"), ("1-bug", "unexpected KeyError")],
)
def test_errors_come_after_the_batches_before_them_and_say_why(tmp_path: Path, name: str, text: str) -> None:
    with make_pool() as pool:
        for video in pool.videos([tmp_path / name]):
            batches = iter(video)
            assert len(next(batches)) == 2
            with pytest.raises(VideoError, match=text) as caught:
                next(batches)
            assert caught.value.path == str(tmp_path / name)


@pytest.mark.parametrize("name", ["0-hang", "1-hang", "1-hoard", "1-endless"])
def test_a_file_over_its_limit_is_given_up_and_the_next_goes_on(tmp_path: Path, name: str) -> None:
    with make_pool(base_seconds=0.8, per_second=0.1) as pool:
        results = []
        for video in pool.videos(names(tmp_path, ["0-soundtrack", name, "2"])):
            results.append(read(video))
            if video.path.name == name:
                assert video.decode_seconds >= 0.8
    assert results == [NoVideoStreamError, DecoderTimeoutError, [0, 1]]


def test_the_limit_grows_with_the_presentation(tmp_path: Path) -> None:
    """A second of work on 5 s of video: too long for the base, fine with the share of its length."""
    for action in ("slow", "unknown"):
        with make_pool(base_seconds=0.5, per_second=1.0) as pool:
            assert [read(video) for video in pool.videos([tmp_path / f"10-{action}"])] == [list(range(10))]
        with make_pool(base_seconds=0.5, per_second=0.0) as pool:
            assert [read(video) for video in pool.videos([tmp_path / f"10-{action}"])] == [DecoderTimeoutError]


def test_a_slow_consumer_never_makes_a_file_late(tmp_path: Path) -> None:
    """Batches of 6 MiB fill the buffer, so the worker waits for the consumer for longer than its limit."""
    with make_pool(side_pixels=1024, base_seconds=1.0, per_second=0.0) as pool:
        for video in pool.videos([tmp_path / "16"]):
            count = 0
            for _ in video:
                if count == 0:
                    time.sleep(1.5)
                count += 1
            assert count == 16
            assert video.decode_seconds < 1.0


def test_unread_batches_are_bounded(tmp_path: Path) -> None:
    """Of 2 x 40 batches of 6 MiB, workers get no further than their buffers while nobody reads."""
    paths = names(tmp_path, ["40", "40-again", "40-third"])
    with make_pool(workers=2, side_pixels=1024) as pool:
        videos = pool.videos(paths)
        batches = iter(next(videos))
        next(batches)
        wait_until(tmp_path / "40-again.sent", "8")
        time.sleep(0.3)
        sent = [int((tmp_path / f"{path.name}.sent").read_text()) for path in paths[:2]]
        assert max(sent) <= 12
        assert not (tmp_path / "40-third.sent").exists()
        assert sum(1 for _ in batches) == 39


def test_small_files_are_decoded_ahead(tmp_path: Path) -> None:
    with make_pool() as pool:
        videos = pool.videos(names(tmp_path, ["1-a", "1-b", "1-c"]))
        next(videos)
        wait_until(tmp_path / "1-c.sent", "1")
        videos.close()


def test_paths_are_taken_lazily(tmp_path: Path) -> None:
    taken = []

    def paths() -> Iterable[Path]:
        for number in range(1000):
            taken.append(number)
            yield tmp_path / f"1-{number}"

    with make_pool() as pool:
        videos = pool.videos(paths())
        assert read(next(videos)) == [0]
        assert len(taken) < 20


def test_what_is_left_unread_is_dropped(tmp_path: Path) -> None:
    with make_pool() as pool:
        results = []
        for video in pool.videos(names(tmp_path, ["50-slow", "2", "1-hang", "1"])):
            if "-" in video.path.name:
                next(iter(video))
            else:
                results.append(read(video))
            before = video
        assert results == [[0, 1], [0]]
        assert read(before) == []
        assert [read(video) for video in pool.videos([tmp_path / "3"])] == [[0, 1, 2]]


def test_leaving_the_loop_early_ends_the_workers(tmp_path: Path) -> None:
    with make_pool(workers=2) as pool:
        for video in pool.videos(names(tmp_path, ["1-hang", "50-slow", "1"])):
            next(iter(video))
            break
    assert multiprocessing.active_children() == []


def test_an_interrupt_ends_the_workers(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), make_pool(workers=2) as pool:  # noqa: PT012
        for video in pool.videos(names(tmp_path, ["1-hang", "1-endless"])):
            next(iter(video))
            raise KeyboardInterrupt
    assert multiprocessing.active_children() == []


def test_close_twice_and_use_after_close(tmp_path: Path) -> None:
    pool = make_pool()
    videos = pool.videos([tmp_path / "1-hang", tmp_path / "2"])
    video = next(videos)
    pool.close()
    pool.close()
    with pytest.raises(ValueError, match="dropped"):
        list(video)
    videos.close()
    with pytest.raises(ValueError, match="closed"):
        next(pool.videos([tmp_path / "1"]))


def test_a_pool_that_was_never_used_closes() -> None:
    with make_pool() as pool:
        assert list(pool.videos([])) == []


def test_one_loop_at_a_time(tmp_path: Path) -> None:
    with make_pool() as pool:
        videos = pool.videos([tmp_path / "1"])
        next(videos)
        with pytest.raises(ValueError, match="another loop"):
            next(pool.videos([tmp_path / "1"]))
        videos.close()


def test_properties_are_refused_before_they_are_known(tmp_path: Path) -> None:
    with make_pool() as pool:
        for video in pool.videos([tmp_path / "30-slow"]):
            with pytest.raises(ValueError, match="duration is known after"):
                _ = video.duration_seconds
    with make_pool() as pool:
        for video in pool.videos([tmp_path / "0-unopened"]):
            assert read(video) is VideoOpenError
            with pytest.raises(ValueError, match="first batch"):
                _ = video.info


def test_an_idle_worker_that_was_killed_is_replaced(tmp_path: Path) -> None:
    with make_pool() as pool:
        assert [read(video) for video in pool.videos([tmp_path / "1"])] == [[0]]
        (child,) = multiprocessing.active_children()
        child.kill()
        child.join()
        assert [read(video) for video in pool.videos([tmp_path / "2"])] == [[0, 1]]


def test_workers_load_no_networks() -> None:
    with make_pool(sample=sample_functions.heavy_modules) as pool:
        for video in pool.videos([Path("any")]):
            assert list(video) == []
            assert video.info.codec == ""


@pytest.mark.parametrize("changed", [{"workers": -1}, {"side_pixels": 0}, {"base_seconds": 0.0}, {"per_second": -1.0}])
def test_bad_arguments(changed: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="cannot use"):
        make_pool(**changed)  # type: ignore[arg-type]


def test_workers_by_default_are_half_of_the_cores() -> None:
    with make_pool(workers=0) as pool:
        assert pool.workers == max(1, (os.cpu_count() or 2) // 2)


def test_real_videos(tmp_path: Path) -> None:
    """The pool gives what the sampler gives, and a file that is no video costs itself only."""
    noise = np.random.default_rng(0)
    pictures = noise.integers(0, 256, (3, 12, 16, 3), dtype=np.uint8).repeat(10, axis=0)
    large = pictures.repeat(8, axis=1).repeat(8, axis=2)
    large[15:] = inset(scene(1, 15, 96, 128), scene(2, 15, 96, 128), (24, 72, 32, 96))
    good, bad = tmp_path / "good.mp4", tmp_path / "bad.mp4"
    write_video(good, large, 10)
    bad.write_text("not a video")
    plan = {"frames_per_second": 4.0, "side_pixels": 32, "crop_bars": True, "panels": True, "batch_size": 5}
    with DecoderPool(workers=1, timeout_base_seconds=60, timeout_per_second=2, **plan) as pool:  # type: ignore[arg-type]
        for video in pool.videos([bad, good]):
            if video.path == bad:
                assert read(video) is VideoOpenError
                continue
            received = list(video)
            with sample_video(good, **plan) as sampler:  # type: ignore[arg-type]
                expected = list(sampler)
                assert (video.info, video.duration_seconds) == (sampler.info, sampler.duration_seconds)
    assert len(received) == len(expected) > 1
    assert [batch.view for batch in received] == [batch.view for batch in expected]
    assert {batch.view for batch in received} >= {0, 1, 2}
    for got, wanted in zip(received, expected, strict=True):
        np.testing.assert_array_equal(got.images, wanted.images)
        np.testing.assert_array_equal(got.times_seconds, wanted.times_seconds)
        np.testing.assert_array_equal(got.searchable, wanted.searchable)


def test_the_limit_between_batches_knows_what_the_sampler_holds_back() -> None:
    assert HELD_BACK_FRAMES == SHOT_LIMIT_FRAMES + STRETCH_FRAMES


UNGUARDED = """
from pathlib import Path
import sys
import sample_functions
from vdup.video.workers import DecoderPool

pool = DecoderPool(workers=1, frames_per_second=1, side_pixels=8, crop_bars=True, timeout_base_seconds=30,
                   timeout_per_second=1, batch_size=2, sample=sample_functions.SAMPLE)
for video in pool.videos([Path(sys.argv[1])]):
    for batch in video:
        print("batch", len(batch), flush=True)
pool.close()
"""


def start_script(folder: Path, sample: str, video: Path) -> "subprocess.Popen[str]":
    script = folder / "script.py"
    script.write_text(UNGUARDED.replace("SAMPLE", sample))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [sys.executable, str(script), str(video)], stdout=subprocess.PIPE, text=True, env=environment
    )


def test_a_script_without_main_guard_works(tmp_path: Path) -> None:
    with start_script(tmp_path, "by_name", tmp_path / "2") as process:
        output, _ = process.communicate(timeout=30)
    assert (process.returncode, output) == (0, "batch 2\nbatch 2\n")


def test_workers_die_with_their_parent(tmp_path: Path) -> None:
    with start_script(tmp_path, "process_id", tmp_path / "id") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "batch 2\n"
        worker = int((tmp_path / "id").read_text())
        assert is_alive(worker)
        process.kill()
    for _ in range(200):
        if not is_alive(worker):
            return
        time.sleep(0.025)
    raise AssertionError("the worker outlived its parent")
