from pathlib import Path

import pytest
from pipeline.workshop import SIDE, ThumbnailExtractor, Workshop
from special_files import named_pipe

from vdup.config import SamplingConfig
from vdup.errors import OutputError
from vdup.feature_files.own import read_own_features
from vdup.pipeline.feature_folder import FeatureResult, feature_paths, make_feature_files
from vdup.pipeline.feature_maker import FeatureMaker


@pytest.fixture
def films(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    monkeypatch.setattr("vdup.pipeline.feature_maker.DecoderPool", workshop.pool)
    return workshop


def run(films: Workshop, videos: list[tuple[str, Path]]) -> dict[str, FeatureResult]:
    maker = FeatureMaker(ThumbnailExtractor(), fps=2.0, side_pixels=SIDE, sampling=SamplingConfig())
    told: list[tuple[int, int]] = []
    results = make_feature_files(
        maker, videos, feature_paths(videos, films.folder / "out"), lambda _, done, total: told.append((done, total))
    )
    assert told == [(number, len(videos)) for number in range(1, len(videos) + 1)]
    return {result.video_id: result for result in results}


def outcomes(results: dict[str, FeatureResult]) -> dict[str, str]:
    return {name: result.outcome.value for name, result in results.items()}


def test_one_bad_video_does_not_stop_the_rest(films: Workshop) -> None:
    videos = films.films(5)
    videos[1][1].write_text("no film")
    films.breaking_off.add("film 3")
    videos.insert(2, ("missing", films.folder / "missing"))
    results = run(films, videos)
    assert outcomes(results) == {
        "film 0": "written",
        "film 1": "failed",
        "missing": "failed",
        "film 2": "written",
        "film 3": "failed",
        "film 4": "written",
    }
    assert [results[name].reason for name in ("film 1", "film 3")] == ["not a script", "broke off"]
    assert results["missing"].reason.startswith("cannot be looked at")
    assert results["film 0"].seconds == 6.0
    assert len(read_own_features(films.folder / "out" / "film 4.safetensors")) == 12
    assert sorted(path.name for path in (films.folder / "out").iterdir()) == [
        "film 0.safetensors",
        "film 2.safetensors",
        "film 4.safetensors",
    ]


def test_a_named_pipe_is_not_waited_for(films: Workshop, tmp_path: Path) -> None:
    with named_pipe(tmp_path / "pipe.mp4") as pipe:
        results = run(films, [*films.films(1), ("pipe", pipe)])
    assert outcomes(results) == {"film 0": "written", "pipe": "failed"}
    assert results["pipe"].reason == "cannot be read: it is a named pipe, not a regular file"


def test_second_run_goes_on_where_the_first_was(films: Workshop) -> None:
    videos = films.films(3)
    run(films, videos[:2])
    films.take_decoded()
    assert outcomes(run(films, videos)) == {"film 0": "current", "film 1": "current", "film 2": "written"}
    assert films.take_decoded() == ["film 2"]
    films.film("film 1", (9, 0, 4))
    assert outcomes(run(films, videos)) == {"film 0": "current", "film 1": "written", "film 2": "current"}


def test_folder_that_takes_no_files_ends_the_run(films: Workshop) -> None:
    (films.folder / "out").touch()
    with pytest.raises(OutputError):
        run(films, films.films(1))


def test_names_of_the_files() -> None:
    ids = ["a.mp4", "sub/b.MKV", "sub/c.mp4", "sub/c.avi", "c.mp4", "d.2020", "e.final.mp4", "noend"]
    assert [str(path) for path in feature_paths([(name, Path(name)) for name in ids], Path("out"))] == [
        "out/a.safetensors",
        "out/sub/b.safetensors",
        "out/sub/c.mp4.safetensors",
        "out/sub/c.avi.safetensors",
        "out/c.safetensors",
        "out/d.2020.safetensors",
        "out/e.final.safetensors",
        "out/noend.safetensors",
    ]
