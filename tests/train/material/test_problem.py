import csv
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from vdup.train.edits.footage_file import read_frames, write_frames
from vdup.train.edits.table import EDIT_NAMES, EDITS, parse_edits
from vdup.train.edits.types import Frames
from vdup.train.material import problem as problem_module
from vdup.train.material.problem import fit, make_problem
from vdup.train.material.problem_files import CopiedStretch, read_edited

REFERENCES, QUERIES, WITHOUT = 3, 6, 2


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng(0)
    paths = []
    for number in range(110):
        coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3), np.uint8))
        paths.append(folder / f"{number:03d}.png")
        coarse.resize((64, 48), Image.Resampling.BICUBIC).save(paths[-1])
    return paths


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps the generated videos tiny; durations and everything else stay."""
    make_small(monkeypatch)


def make_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(problem_module, "_SHORT_SIDES_PIXELS", (48,))
    monkeypatch.setattr(problem_module, "_WORK_PIXELS", 48)
    monkeypatch.setattr(problem_module, "_REFERENCE_SECONDS", (3.0, 12.0))
    monkeypatch.setattr(problem_module, "_COPY_SECONDS", (3.0, 5.0))


@pytest.fixture(scope="module")
def made(images: list[Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[CopiedStretch]]:
    root = tmp_path_factory.mktemp("problem") / "made"
    with pytest.MonkeyPatch.context() as monkeypatch:
        make_small(monkeypatch)
        truth = make_problem(root, images, 5, REFERENCES, QUERIES, WITHOUT)
    return root, truth


def test_lectures_and_others_on_their_template(images: list[Path], tmp_path: Path) -> None:
    """The fifth reference is a lecture; the first query shows other pages on its template."""
    make_problem(tmp_path / "made", images, 7, 5, 2, 2)
    lecture, other = read_edited(tmp_path / "made" / "edits.csv")
    assert lecture.edit.startswith("take:")
    assert lecture.reference_id == "R0004"
    assert (other.edit, other.reference_id) == ("none", "")
    pages = np.stack(list(read_frames(tmp_path / "made" / "refs" / "R0004.mp4", (48, 48), 0, 10**6)))
    standing = np.abs(np.diff(pages.astype(int), axis=0)).mean(axis=(1, 2, 3)) < 1
    assert standing.mean() > 0.9, "pages stand still"


def seconds_of(path: Path) -> float:
    """Length by counting frames."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        rate = stream.average_rate
        assert rate is not None
        return float(sum(1 for _ in container.decode(stream)) / rate)


def test_folder_has_the_form_of_a_benchmark(made: tuple[Path, list[CopiedStretch]]) -> None:
    root, truth = made
    assert sorted(path.name for path in (root / "refs").iterdir()) == [f"R{i:04d}.mp4" for i in range(REFERENCES)]
    assert sorted(path.name for path in (root / "queries").iterdir()) == [f"Q{i:04d}.mp4" for i in range(QUERIES)]
    with (root / "gt.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["query_id", "ref_id", "query_start", "query_end", "ref_start", "ref_end"]
    assert [CopiedStretch(r["query_id"], r["ref_id"], *(float(r[c]) for c in list(r)[2:])) for r in rows] == truth
    with (root / "edits.csv").open(newline="") as file:
        edits = list(csv.DictReader(file))
    assert list(edits[0]) == ["query_id", "edit", "reference_id"]
    assert [row["query_id"] for row in edits[: len(truth)]] == [row.query_id for row in truth]
    assert [row["reference_id"] for row in edits] == [row.ref_id for row in truth] + [""] * WITHOUT
    assert [(row["query_id"], row["edit"]) for row in edits[len(truth) :]] == [("Q0004", "none"), ("Q0005", "none")]


def test_truth_lies_inside_the_videos_and_runs_at_the_edits_speed(made: tuple[Path, list[CopiedStretch]]) -> None:
    root, truth = made
    with (root / "edits.csv").open(newline="") as file:
        edit_of = {row["query_id"]: row["edit"] for row in csv.DictReader(file)}
    assert {row.query_id for row in truth} == {f"Q{i:04d}" for i in range(QUERIES - WITHOUT)}
    assert len(truth) == QUERIES - WITHOUT + round((QUERIES - WITHOUT) / 4)
    for row in truth:
        assert 0 <= row.query_start < row.query_end <= seconds_of(root / "queries" / f"{row.query_id}.mp4") + 0.006
        assert 0 <= row.ref_start < row.ref_end <= seconds_of(root / "refs" / f"{row.ref_id}.mp4") + 0.006
        speed = (row.ref_end - row.ref_start) / (row.query_end - row.query_start)
        temporal = parse_edits(edit_of[row.query_id]).temporal
        low, high = temporal.speeds if temporal else (1.0, 1.0)
        assert low - 0.01 <= speed <= high + 0.01


def numbered(count: int) -> Frames:
    """Frames that carry their number as eight black or white squares, 4 across and 2 down."""
    bits = np.unpackbits(np.arange(count, dtype=np.uint8)[:, None], axis=1).reshape(count, 2, 4)
    return (255 * bits).repeat(24, axis=1).repeat(24, axis=2)[..., None].repeat(3, axis=3)


def number_in(frame: Frames) -> int:
    height, width = frame.shape[0] // 2, frame.shape[1] // 4
    bits = [
        frame[row * height + height // 4 : (row + 1) * height - height // 4][:, column * width + width // 4 :][
            :, : width // 2
        ].mean()
        > 110
        for row in range(2)
        for column in range(4)
    ]
    return int(np.packbits(bits)[0])


@pytest.mark.parametrize("edit", ["reencode", "fast", "slow", "fpsdrop", "gray+fast"])
def test_truth_is_exact_to_the_frame(
    edit: str, images: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A video whose frames carry their number is copied; the query's frames tell where they come from."""
    rate = Fraction(25)
    video = tmp_path / "numbered.mp4"
    write_frames(video, [numbered(220)], (96, 48), rate, crf=5)
    monkeypatch.setattr(problem_module, "EDIT_NAMES", (edit,))
    monkeypatch.setattr(problem_module, "RATES", (rate,))
    monkeypatch.setattr(problem_module, "draw_combination", lambda rng: edit)
    truth = make_problem(tmp_path / "made", images, 3, 1, 2, 0, [video])
    for row in truth:
        first, last = round(row.query_start * 25), round(row.query_end * 25)
        shown = list(read_frames(tmp_path / "made" / "queries" / f"{row.query_id}.mp4", None, first, last))
        measured = [number_in(frame) for frame in shown]
        speed = (row.ref_end - row.ref_start) / (row.query_end - row.query_start)
        predicted = 25 * row.ref_start + speed * np.arange(len(shown))
        lag = predicted - measured
        # gt.csv rounds to hundredths, a quarter of a frame; a frame stays on screen for 1 frame, or 1/5 s when held.
        assert measured[0] == int(25 * row.ref_start + 1e-6)
        assert lag.min() > -0.3
        assert lag.max() < (1.3 if "fpsdrop" not in edit else 6.3)


def test_queries_of_other_moments_show_what_the_reference_lacks(
    images: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A video of 11 s whose frames carry their number: the reference gets 60 % of it, the queries the rest."""
    rate = Fraction(20)
    video = tmp_path / "numbered.mp4"
    write_frames(video, [numbered(220)], (96, 48), rate, crf=5)
    monkeypatch.setattr(problem_module, "RATES", (rate,))
    monkeypatch.setattr(problem_module, "EDITS", {"reencode": EDITS["reencode"]})
    monkeypatch.setattr(problem_module._ProblemMaker, "_filler", lambda *_: [])
    root = tmp_path / "made"
    truth = make_problem(root, images, 3, 1, 4, 4, [video])
    assert truth == []
    kept = [number_in(frame) for frame in read_frames(root / "refs" / "R0000.mp4", None, 0, 1000)]
    assert kept == list(range(132))
    with (root / "edits.csv").open(newline="") as file:
        edits = {row["query_id"]: (row["edit"], row["reference_id"]) for row in csv.DictReader(file)}
    none, take = ("none", ""), ("take:reencode", "R0000")
    assert edits == {"Q0000": none, "Q0001": take, "Q0002": none, "Q0003": take}
    for query_id in ("Q0001", "Q0003"):
        shown = [number_in(frame) for frame in read_frames(root / "queries" / f"{query_id}.mp4", None, 0, 1000)]
        assert len(shown) >= 80
        assert min(shown) >= 132


def test_slate_is_shared_and_never_copied(images: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(problem_module, "_SLATE_EVERY", 1)
    truth = make_problem(tmp_path / "made", images, 1, 2, 3, 0)
    for name in ("R0000", "R0001"):
        first = next(read_frames(tmp_path / "made" / "refs" / f"{name}.mp4", (64, 48)))
        assert np.abs(np.median(first, axis=(0, 1)) - (28, 44, 92)).max() < 12
    assert min(row.ref_start for row in truth) >= 2.5


def test_seeds_decide_the_truth(images: list[Path], tmp_path: Path) -> None:
    first, second, other = (
        make_problem(tmp_path / str(place), images, seed, 1, 1, 0) for place, seed in enumerate((8, 8, 9))
    )
    assert first == second
    assert first != other


def test_edits_are_spread_evenly_and_a_fifth_combined(images: list[Path], tmp_path: Path) -> None:
    maker = problem_module._ProblemMaker(tmp_path, images, 0)
    edits = maker.draw_edits(100)
    single = [edit for edit in edits if "+" not in edit]
    assert len(edits) == 100
    assert len(single) == 80
    counts = [single.count(name) for name in EDIT_NAMES]
    assert max(counts) - min(counts) <= 1
    counts = maker.draw_copy_counts(40)
    assert (counts.count(1), counts.count(2)) == (30, 10)


def test_fit_scales_like_shapes_and_pads_others() -> None:
    white = np.full((2, 30, 40, 3), 255, np.uint8)
    assert fit(white, (40, 30)) is white
    assert fit(white, (80, 60)).min() == 255
    padded = fit(white, (80, 120))
    assert padded.shape == (2, 120, 80, 3)
    assert padded[:, 30:90].min() == 255
    assert padded[:, :30].max() == 0
    assert padded[:, 90:].max() == 0


@pytest.mark.parametrize(
    ("references", "queries", "without", "videos"), [(0, 1, 0, 0), (1, 1, 2, 0), (1, 1, -1, 0), (1, 2, 0, 2)]
)
def test_impossible_numbers_are_refused(
    references: int, queries: int, without: int, videos: int, images: list[Path], tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="expected 1 reference or more"):
        make_problem(tmp_path / "made", images, 0, references, queries, without, [tmp_path / "v.mp4"] * videos)
    assert not (tmp_path / "made").exists()


def test_folders_in_use_are_refused(images: list[Path], tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(ValueError, match="is not empty"):
        make_problem(tmp_path, images, 0, 1, 1, 0)


def test_too_few_photographs_are_named(images: list[Path], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="photographs are too few"):
        make_problem(tmp_path / "made", images[:2], 0, 3, 1, 0)
