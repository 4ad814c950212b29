import re
import shlex
import shutil
from collections.abc import Iterator
from enum import Enum
from functools import reduce
from importlib.util import find_spec
from pathlib import Path

import pytest
from hydra import compose, initialize_config_module
from vdup.train.config.experiments import EXPERIMENTS, TrainJobConfig
from vdup.train.config.losses import LOSSES

from examples.compilation import Gap, Stretch, make_compilation, unchanged
from examples.demo import clips_folder
from vdup import config
from vdup.hydra_schema import register, setting_types, to_config
from vdup.overrides import to_overrides

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
JOBS: dict[str, tuple[str, type]] = {
    "vdup.index": ("index", config.IndexJobConfig),
    "vdup.query": ("query", config.QueryJobConfig),
    "vdup.library": ("manage", config.LibraryJobConfig),
    "vdup.train": ("train", TrainJobConfig),
    "vdup.features": ("features", config.FeaturesJobConfig),
    "vdup.align": ("align", config.AlignJobConfig),
    "vdup.similarity": ("similarity", config.SimilarityJobConfig),
    "vdup.evaluate": ("evaluate", config.EvaluateJobConfig),
    "vdup.duplicates": ("duplicates", config.DuplicatesJobConfig),
    "vdup.calibrate": ("calibrate", config.CalibrateJobConfig),
}


def blocks(page: Path, language: str) -> list[str]:
    """Fenced blocks of a language; none: blocks that name no language."""
    found: list[tuple[str, list[str]]] = []
    inside = False
    for line in page.read_text().splitlines():
        if line.startswith("```"):
            inside = not inside
            if inside:
                found.append((line.removeprefix("```"), []))
        elif inside:
            found[-1][1].append(line)
    return ["\n".join(lines) for named, lines in found if named == language]


def command_lines() -> Iterator[tuple[str, str]]:
    """Command lines in blocks without a language; what a command prints, behind a $ sign, does not count."""
    for page in PAGES:
        for block in blocks(page, ""):
            for line in block.replace("\\\n", " ").splitlines():
                if line.startswith(("python ", "make", "docker ", "pip ")):
                    yield page.name, line
        for line in re.findall(r"`(python -m [^`]+)`", page.read_text().replace("\n", " ")):
            yield page.name, line


LINES = sorted(set(command_lines()))
PYTHON_LINES = [(page, line) for page, line in LINES if line.startswith("python -m ")]


@pytest.fixture(autouse=True, scope="module")
def hydra() -> Iterator[None]:
    register({"job": {"train": TrainJobConfig}, "experiment": {**EXPERIMENTS}, "loss": {**LOSSES}})
    with initialize_config_module(config_module="vdup.conf", version_base="1.3"):
        yield


def test_python_of_the_readme_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    [program] = blocks(README, "python")
    (tmp_path / "films").mkdir()
    for name in ("bikes.mp4", "bigbuckbunny.mp4"):
        shutil.copy(clips_folder() / name, tmp_path / "films" / name)
    plan = (Gap(1.6), Stretch("bikes.mp4", 1.0, 7.0, "none", unchanged), Gap(1.2))
    make_compilation(tmp_path / "suspect.mp4", plan, tmp_path / "films")
    monkeypatch.chdir(tmp_path)
    exec(compile(program, "README.md", "exec"), {})
    out = capsys.readouterr().out
    assert out.startswith("2 videos, 15 s\n")
    found = re.findall(r"^(\S+) (\S+)\n  here  (\S+) - (\S+) s\n  there (\S+) - (\S+) s$", out, flags=re.MULTILINE)
    [(reference, score, *ends)] = found
    assert reference == "bikes.mp4"
    assert float(score) >= 0.5
    assert [float(end) for end in ends] == pytest.approx([1.6, 7.6, 1.0, 7.0], abs=1.0)


def test_settings_of_the_readme_have_these_defaults() -> None:
    rows = re.findall(r"^\| `([a-z_.]+)` \| (\S+) \|", README.read_text(), flags=re.MULTILINE)
    assert len(rows) > 10
    defaults = config.QueryJobConfig(videos=Path("v"))
    for name, told in rows:
        value: object = reduce(getattr, name.split("."), defaults)
        if isinstance(value, Enum):
            value = value.value
        assert told == ("none" if value is None else f"`{value}`"), name


@pytest.mark.parametrize(("page", "line"), PYTHON_LINES)
def test_commands_exist(page: str, line: str) -> None:
    module = line.split()[2]
    assert find_spec(module) is not None
    if module.startswith("benchmarks."):
        assert (ROOT / Path(*module.split("."))).with_suffix(".py").is_file()


@pytest.mark.parametrize(("page", "line"), [(page, line) for page, line in PYTHON_LINES if "vdup." in line])
def test_settings_on_command_lines_exist(page: str, line: str) -> None:
    words = shlex.split(line, comments=True)
    name, kind = JOBS[words[2]]
    sweep = "--multirun" in words
    settings = [word.split(",")[0] if sweep else word for word in words[3:] if not word.startswith("-")]
    needed = {
        "videos": "v",
        "action": "list",
        "output": "w.safetensors" if name == "train" else "m.csv",
        "queries": "q",
        "database": "d",
    }
    given = {word.partition("=")[0] for word in settings}
    settings += [f"{key}={value}" for key, value in needed.items() if key in setting_types(kind) and key not in given]
    settings = [word.replace("list|stats|remove|check|rebuild|move_store", "list") for word in settings]
    assert isinstance(to_config(compose(name, to_overrides(settings, setting_types(kind))), kind), kind)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_settings_named_in_text_exist(page: Path) -> None:
    known = {name for _, kind in JOBS.values() for name in setting_types(kind)}
    known |= {f"experiment.{name}" for kind in EXPERIMENTS.values() for name in kind.__dataclass_fields__}
    known |= {f"index.{name}" for name in ("lists", "probes", "keys", "key_bits", "flips", "flat_up_to_rows")}
    groups = {name.partition(".")[0] for name in known if "." in name}
    for name in re.findall(r"`([a-z_]+\.[a-z_]+)(?:=[^`]*)?`", page.read_text()):
        if name.split(".")[0] in groups and not name.endswith((".py", ".md")):
            assert name in known


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    named = [line.partition("#")[0].split()[1:] for _, line in LINES if line.startswith("make")]
    assert {"demo", "test"} <= {target for words in named for target in words} <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        assert (page.parent / target).is_file(), target


def test_layout_in_the_readme_is_that_of_the_code() -> None:
    [listed] = [block for block in blocks(README, "") if "vdup/video/" in block]
    named = re.findall(r"^(\S+)", listed, flags=re.MULTILINE)
    assert all((ROOT / name).exists() for name in named)
    folders = {f"vdup/{init.parent.name}/" for init in (ROOT / "vdup").glob("*/__init__.py")} - {"vdup/weights/"}
    assert folders <= set(named)
