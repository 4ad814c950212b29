"""Vectors of whole videos, searches among them and thresholds, on scripted films."""

from pathlib import Path

import numpy as np
import pytest
from pipeline.workshop import Workshop, picture

from vdup.aggregation.normalise import centred_units, unit_layers
from vdup.config import MeanAggregationConfig, NoAggregationConfig, WholeVideoConfig
from vdup.errors import ConfigError, LibraryDamagedError, LibraryError, WeightsError
from vdup.pipeline.labelled_pairs import LabelledPair, read_pairs
from vdup.pipeline.library import Library
from vdup.pipeline.threshold_pairs import generated_pairs, labelled_similarities
from vdup.pipeline.thresholds import keep_threshold, stored_threshold
from vdup.pipeline.video_searcher import search_whole_videos, threshold_of, whole_videos_of
from vdup.types import FloatArray

MEAN = MeanAggregationConfig()


@pytest.fixture(autouse=True)
def scripted(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("video_searcher", "threshold_pairs"):
        monkeypatch.setattr(f"vdup.pipeline.{module}.DecoderPool", workshop.pool)


def naive_vector(footage: int, seconds: int) -> FloatArray:
    """The mean of a film's frames, one a second, made comparable."""
    pixels = np.stack([picture(footage, second).reshape(-1) for second in range(seconds)]).astype(np.float32) / 255
    rows = unit_layers(np.concatenate([pixels, pixels**2], axis=1), (192, 192))
    vector: FloatArray = centred_units(rows.mean(axis=0, keepdims=True))[0]
    return vector


def numbers(library: Library) -> dict[str, int]:
    return {record.id: record.number for record in library.videos()}


def test_indexing_keeps_the_mean_of_the_frames(workshop: Workshop) -> None:
    films = [*workshop.films(2), workshop.film("dark end", (5, 0, 6), (None, 0, 4))]
    with workshop.open(aggregation=MEAN) as library:
        library.index_all(films)
        known = numbers(library)
        whole = whole_videos_of(library)
        found = whole.vectors_of([known["film 0"], known["film 1"], known["dark end"]])
        assert whole.missing() == []
        for vector, footage in zip(found, (0, 1, 5), strict=True):
            np.testing.assert_allclose(vector, naive_vector(footage, 6), atol=2e-3)
        listed, vectors = whole.all_vectors()
        assert listed.tolist() == sorted(known.values())
        assert len(vectors) == 3
        with pytest.raises(ValueError, match="video 99 has no vector"):
            whole.vectors_of([99])


def test_codes_are_the_same_with_and_without(workshop: Workshop, tmp_path: Path) -> None:
    films = workshop.films(1)
    with workshop.open(aggregation=MEAN) as library:
        library.index_all(films)
        codes = library.folder.video_codes(1).codes.copy()
    workshop.folder = tmp_path / "other"
    workshop.folder.mkdir()
    with workshop.open(aggregation=NoAggregationConfig()) as library:
        library.index_all(films)
        assert np.array_equal(library.folder.video_codes(1).codes, codes)
        with pytest.raises(LibraryError, match="aggregation=none"):
            whole_videos_of(library)


def test_the_nearest_videos_and_whether_they_are_duplicates(workshop: Workshop) -> None:
    with workshop.open(aggregation=MEAN) as library:
        library.index_all(workshop.films(4))
        queries = [
            workshop.film("copy", (2, 0.5, 5)),
            workshop.film("blank", (None, 0, 3)),
            workshop.film("stranger", (77, 0, 5)),
        ]
        broken = workshop.folder / "broken"
        broken.write_text("no script")
        seen: list[int] = []
        copy, blank, stranger, failed = search_whole_videos(
            library,
            [*queries, ("broken", broken)],
            WholeVideoConfig(threshold=0.5, nearest=3),
            lambda _result, done, _total: seen.append(done),
        )
        assert seen == [1, 2, 3, 4]
        assert copy.matches[0].reference_id == "film 2"
        assert [match.is_near_duplicate for match in copy.matches] == [True, False, False]
        similarities = [match.similarity for match in copy.matches]
        assert similarities == sorted(similarities, reverse=True)
        assert blank.matches == ()
        assert not any(match.is_near_duplicate for match in stranger.matches)
        assert failed.error is not None


def test_search_follows_what_comes_and_goes(workshop: Workshop) -> None:
    films = workshop.films(3)
    query = [workshop.film("copy", (1, 0, 6))]

    def found(library: Library) -> list[str]:
        [result] = search_whole_videos(library, query, WholeVideoConfig())
        return [match.reference_id for match in result.matches]

    with workshop.open(aggregation=MEAN) as library:
        library.index_all(films[:2])
        assert found(library)[0] == "film 1"
        library.remove(["film 1"])
        assert found(library) == ["film 0"]
        library.index_all(films)
        assert found(library)[0] == "film 1"
    with workshop.open(aggregation=MEAN) as library:
        assert sorted(found(library)) == ["film 0", "film 1", "film 2"]


def test_a_copy_of_known_content_takes_the_vector_over(workshop: Workshop) -> None:
    first = workshop.film("film", (3, 0, 5))
    with workshop.open(aggregation=MEAN) as library:
        library.index_all([first])
        library.index_all([("same", workshop.film("same", (3, 0, 5))[1])])
        assert workshop.take_decoded() == ["film"]
        whole = whole_videos_of(library)
        assert whole.missing() == []
        vectors = whole.vectors_of(sorted(numbers(library).values()))
        assert np.array_equal(vectors[0], vectors[1])


def test_videos_indexed_before_are_filled_in_on_demand(workshop: Workshop) -> None:
    films = workshop.films(2)
    with workshop.open(aggregation=NoAggregationConfig()) as library:
        library.index_all(films)
    workshop.take_decoded()
    with workshop.open(aggregation=MEAN) as library:
        library.index_all(films)
        assert workshop.take_decoded() == []
        assert len(whole_videos_of(library).missing()) == 2
    with workshop.open(aggregation=MeanAggregationConfig(fill_in=True)) as library:
        library.index_all(films)
        assert workshop.take_decoded() == ["film 0", "film 1"]
        assert whole_videos_of(library).missing() == []
        library.index_all(films)
        assert workshop.take_decoded() == []


def test_indexing_goes_without_weights_for_the_layers_and_searching_says_so(workshop: Workshop) -> None:
    with workshop.open() as library:
        library.index_all(workshop.films(1))
        with pytest.raises(WeightsError, match=r"\+experiment=dml"):
            search_whole_videos(library, workshop.films(1), WholeVideoConfig(threshold=0.5))
    with workshop.open(aggregation=MEAN) as library:
        assert whole_videos_of(library).missing() == []


def test_a_damaged_store_is_made_anew(workshop: Workshop, caplog: pytest.LogCaptureFixture) -> None:
    query = workshop.films(1)
    with workshop.open(aggregation=MEAN) as library:
        library.index_all(query)
        search_whole_videos(library, query, WholeVideoConfig())
    [place] = workshop.library.glob("videos-*")
    (place / "edge_config.json").write_text("damaged")
    with workshop.open(aggregation=MEAN) as library:
        [result] = search_whole_videos(library, query, WholeVideoConfig())
        assert [match.reference_id for match in result.matches] == ["film 0"]
    assert "made again from the catalogue" in caplog.text


def test_the_threshold_given_comes_before_the_one_kept(workshop: Workshop) -> None:
    with workshop.open(aggregation=MEAN) as library:
        digest = whole_videos_of(library).reader.aggregator.digest
        usual = threshold_of(library, WholeVideoConfig())
        assert usual == whole_videos_of(library).reader.aggregator.threshold
        keep_threshold(library, 0.75, 0.99, 0.8, "generated copies")
        assert threshold_of(library, WholeVideoConfig()) == 0.75
        assert threshold_of(library, WholeVideoConfig(threshold=0.5)) == 0.5
        assert stored_threshold(library.folder.catalogue, "other weights") is None
        library.folder.catalogue.set_meta(f"video_threshold:{digest}", "{}")
        with pytest.raises(LibraryDamagedError, match=r"vdup\.calibrate"):
            threshold_of(library, WholeVideoConfig())


def test_a_guessed_threshold_is_called_one(workshop: Workshop, caplog: pytest.LogCaptureFixture) -> None:
    with workshop.open(aggregation=MEAN) as library:
        library.index_all(workshop.films(1))
        search_whole_videos(library, [], WholeVideoConfig(threshold=0.5))
        assert "calibrate" not in caplog.text
        search_whole_videos(library, [], WholeVideoConfig())
        assert "find one for this library with python -m vdup.calibrate" in caplog.text
        keep_threshold(library, 0.75, 0.99, 0.8, "generated copies")
        caplog.clear()
        search_whole_videos(library, [], WholeVideoConfig())
        assert "calibrate" not in caplog.text


def test_generated_pairs_know_what_is_a_copy(workshop: Workshop) -> None:
    with workshop.open(aggregation=MEAN) as library:
        library.index_all(workshop.films(6))
        seen: list[int] = []
        pairs = generated_pairs(library, 4, 3, 0, lambda done, _total: seen.append(done))
        assert seen == [1, 2, 3, 4]
        assert len(pairs.duplicates) == 4 * 3
        # The mildest copies show nothing else; the others show one of the five other films besides.
        assert len(pairs.others) == 4 * (5 + 4 + 4)
        assert pairs.duplicates[::3].min() > pairs.others.max()
        again = generated_pairs(library, 4, 3, 0)
        assert np.array_equal(again.duplicates, pairs.duplicates)


def test_duplicates_in_the_library_do_not_count_as_false_alarms(workshop: Workshop) -> None:
    with workshop.open(aggregation=MEAN) as library:
        library.index_all([*workshop.films(3), workshop.film("film 0 again", (0, 0, 6), (0, 0, 0.5))])
        pairs = generated_pairs(library, 4, 1, 0)
        assert len(pairs.duplicates) == 4
        assert len(pairs.others) == 2 + 3 + 3 + 2


def test_generated_pairs_need_videos(workshop: Workshop) -> None:
    with workshop.open(aggregation=MEAN) as library:
        library.index_all(workshop.films(1))
        with pytest.raises(LibraryError, match="1 videos have a vector"):
            generated_pairs(library, 4, 2, 0)
        library.index_all(workshop.films(3))
        for _, path in workshop.films(3):
            path.write_text("gone")
        with pytest.raises(LibraryError, match="no copies could be made"):
            generated_pairs(library, 4, 2, 0)


def test_labelled_pairs_are_ids_or_files(workshop: Workshop) -> None:
    with workshop.open(aggregation=MEAN) as library:
        library.index_all(workshop.films(3))
        file = str(workshop.film("outside", (1, 0, 6))[1])
        pairs = [LabelledPair("film 1", file, True), LabelledPair("film 0", "film 2", False)]
        found = labelled_similarities(library, pairs)
        assert found.duplicates[0] == pytest.approx(1, abs=1e-3)
        assert found.others[0] == pytest.approx(float(naive_vector(0, 6) @ naive_vector(2, 6)), abs=5e-3)
        with pytest.raises(ConfigError, match=r"pairs\.csv, line 4: film 9 is neither"):
            labelled_similarities(library, [*pairs, LabelledPair("film 9", file, True, "pairs.csv, line 4")])
        with pytest.raises(ConfigError, match="both are needed"):
            labelled_similarities(library, pairs[:1])


def test_file_of_labelled_pairs(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("video_a,video_b,duplicate\na,b,1\na,c,no\n")
    assert read_pairs(path) == [
        LabelledPair("a", "b", True, f"{path}, line 2"),
        LabelledPair("a", "c", False, f"{path}, line 3"),
    ]
    for text, complaint in (
        ("video_a,video_b\na,b\n", "the columns"),
        ("video_a,video_b,duplicate\na,b,maybe\n", "'maybe'"),
        ("video_a,video_b,duplicate\na,b,0\n", "names no duplicates"),
    ):
        path.write_text(text)
        with pytest.raises(ConfigError, match=complaint):
            read_pairs(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_pairs(tmp_path / "none.csv")
