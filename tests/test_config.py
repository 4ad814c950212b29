from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from hydra import compose, initialize_config_module
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import OmegaConf
from vdup.train.config.experiments import EXPERIMENTS, PCAExperiment, TrainJobConfig
from vdup.train.config.losses import LOSSES
from vdup.train.config.triplet import TripletExperiment

from vdup import config
from vdup.errors import ConfigError
from vdup.hydra_errors import explain
from vdup.hydra_schema import SCHEMAS, holds_path, register, setting_types, to_config
from vdup.overrides import to_overrides

CONF = Path(__file__).parents[1] / "conf"
JOBS: dict[str, tuple[type, list[str]]] = {
    "index": (config.IndexJobConfig, ["videos=v"]),
    "query": (config.QueryJobConfig, ["videos=v"]),
    "manage": (config.LibraryJobConfig, ["action=list"]),
    "train": (TrainJobConfig, ["output=w.safetensors"]),
    "features": (config.FeaturesJobConfig, ["videos=v", "output=o"]),
    "align": (config.AlignJobConfig, ["a=a.mp4", "b=b.mp4"]),
    "similarity": (config.SimilarityJobConfig, ["queries=q", "database=d", "output=o.json"]),
    "calibrate": (config.CalibrateJobConfig, []),
    "duplicates": (config.DuplicatesJobConfig, []),
    "evaluate": (config.EvaluateJobConfig, ["data.root=d"]),
}
OPTIONS = sorted(
    (file.parent.name, file.stem)
    for file in CONF.glob("*/*.yaml")
    if file.parent.name not in ("local", "experiment", "loss", "teacher")
)
RUNS = {"default_weights": TripletExperiment}
"""Experiments with settings of their own: the runs that made what comes with vdup."""
NEEDED = {"t7": ["whitening.mean=m.t7", "whitening.dvt=d.t7"], "bag": ["aggregation.codebook=c.safetensors"]}


@pytest.fixture(autouse=True, scope="module")
def hydra() -> Iterator[None]:
    register({"job": {"train": TrainJobConfig}, "experiment": {**EXPERIMENTS}, "loss": {**LOSSES}})
    with initialize_config_module(config_module="vdup.conf", version_base="1.3"):
        yield


def composed(name: str, *overrides: str) -> Any:
    kind, needed = JOBS[name]
    return to_config(compose(name, [*needed, *overrides]), kind)


def complaint(name: str, *overrides: str) -> str:
    kind, _ = JOBS[name]
    try:
        to_config(compose(name, list(overrides)), kind)
    except ConfigError as error:
        text = str(error)
    except HydraException as error:
        text = explain(error, setting_types(kind))
    else:
        raise AssertionError(f"{overrides} were accepted")
    assert "\n" not in text
    return text


@pytest.mark.parametrize(
    ("name", "needed"),
    [
        ("index", {"videos": Path("v")}),
        ("query", {"videos": Path("v")}),
        ("manage", {"action": config.LibraryAction.list}),
        ("align", {"a": Path("a.mp4"), "b": Path("b.mp4")}),
    ],
)
def test_defaults_are_those_of_the_dataclasses(name: str, needed: dict[str, Any]) -> None:
    kind, _ = JOBS[name]
    assert composed(name) == kind(**needed)


GROUPS = {group: [option for owner, option in OPTIONS if owner == group] for group, _ in OPTIONS}
ALONE = ("matcher", "dataset")
"""Groups that a query has no choice of, or none at all; they have tests of their own."""


# Options of different groups are composed together, as each composition takes its time.
@pytest.mark.parametrize("number", range(max(len(options) for options in GROUPS.values())))
def test_every_option_of_every_group(number: int) -> None:
    chosen = {group: options[number % len(options)] for group, options in GROUPS.items() if group not in ALONE}
    needed = [setting for option in chosen.values() for setting in NEEDED.get(option, [])]
    settings = composed("query", *(f"{group}={option}" for group, option in chosen.items()), *needed)
    for group, option in chosen.items():
        assert type(getattr(settings, group)) is schema_of(group, option)


@pytest.mark.parametrize("option", GROUPS["matcher"])
def test_every_matcher(option: str) -> None:
    given = {"weights": Path("k.safetensors")} if option == "lamv" else {}
    settings = [f"matcher.{name}={value}" for name, value in given.items()]
    chosen = composed("similarity", f"matcher={option}", *settings).matcher
    kind = schema_of("matcher", option)
    assert type(chosen) is kind
    presets = ("periods", "normalization") if option == "tmk_poullot" else ()
    plain = kind(**given)
    for name in presets:
        setattr(chosen, name, getattr(plain, name))
    assert chosen == plain


@pytest.mark.parametrize("option", GROUPS["dataset"])
def test_every_data_set(option: str) -> None:
    settings = composed("evaluate", f"dataset={option}")
    kind = schema_of("dataset", option)
    assert settings.dataset == kind(name=option)
    assert settings == config.EvaluateJobConfig(dataset=kind(name=option), data=config.DataSourceConfig(root=Path("d")))


def test_an_evaluation_needs_a_data_set_and_its_folder() -> None:
    assert complaint("evaluate", "dataset=folder").startswith("the setting data.root is missing")
    assert complaint("evaluate", "data.root=d").startswith("no dataset is chosen; choose one as dataset=NAME")


def test_queries_of_a_library_have_one_matcher() -> None:
    assert "matcher=tmk: " in complaint("query", "videos=v", "matcher=tmk")


def schema_of(group: str, option: str) -> type:
    """An option's file is named after its schema, with a size behind it where there are several."""
    schemas = SCHEMAS[group]
    [schema] = [schemas[name] for name in schemas if option.startswith(name) or list(schemas) == ["default"]]
    return schema


@pytest.mark.parametrize("depth", [18, 34, 50])
def test_resnet_options_set_their_depth(depth: int) -> None:
    assert composed("index", f"backbone=resnet{depth}").backbone.depth == depth


def test_every_schema_has_an_option() -> None:
    assert set(GROUPS) == set(SCHEMAS) - {"job"}
    for group, options in GROUPS.items():
        assert {schema_of(group, option) for option in options} == set(SCHEMAS[group].values())


@pytest.mark.parametrize("file", sorted(CONF.glob("experiment/*.yaml")), ids=lambda file: file.stem)
def test_every_experiment(file: Path) -> None:
    settings = composed("train", f"+experiment={file.stem}", "data.images=photos")
    assert type(settings.experiment) is {**EXPERIMENTS, **RUNS}[file.stem]
    assert settings.data.images == Path("photos")


def test_every_backbone_can_be_a_teacher() -> None:
    teachers = {file.stem: file.read_text() for file in CONF.glob("teacher/*.yaml")}
    assert teachers == {file.stem: file.read_text() for file in CONF.glob("backbone/*.yaml")}
    chosen = composed("train", "teacher=resnet50", "teacher.image_side_pixels=96")
    assert (type(chosen.teacher), chosen.teacher.depth, chosen.teacher.image_side_pixels) == (
        config.ResNetConfig,
        50,
        96,
    )
    assert type(composed("train").teacher) is config.SSCDConfig
    assert type(chosen.backbone) is config.EfficientNetLiteConfig


def test_experiments_and_losses_have_files() -> None:
    assert {file.stem for file in CONF.glob("experiment/*.yaml")} == set(EXPERIMENTS) | set(RUNS)
    assert {file.stem for file in CONF.glob("loss/*.yaml")} == set(LOSSES)


@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_every_loss(loss: str) -> None:
    assert composed("train", "+experiment=triplet", f"loss={loss}").loss == LOSSES[loss]()


def test_a_loss_without_a_choice_is_that_of_the_dataclass() -> None:
    assert composed("train").loss == TrainJobConfig(output=Path("w")).loss


def test_settings_of_an_experiment_and_of_the_model_go_together() -> None:
    settings = composed("train", "+experiment=pca", "experiment.dimensions=64", "pooling=gem", "seed=3")
    assert settings.experiment == PCAExperiment(dimensions=64)
    assert isinstance(settings.pooling, config.GeMConfig)
    assert settings.seed == 3


def test_trained_weights_go_into_the_folder_of_the_run() -> None:
    assert "output: ${hydra:runtime.output_dir}/" in OmegaConf.to_yaml(compose("train"))


def test_address_of_a_server() -> None:
    assert composed("index", "store.url=http://127.0.0.1:6333").store.url == "http://127.0.0.1:6333"


def test_key_of_a_server_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VDUP_QDRANT_API_KEY", raising=False)
    assert composed("index", "store=server").store.api_key is None
    monkeypatch.setenv("VDUP_QDRANT_API_KEY", "secret")
    assert composed("index", "store=server").store.api_key == "secret"
    assert "secret" not in OmegaConf.to_yaml(compose("index", ["store=server"]))


def test_enumerations() -> None:
    assert composed("index", "backbone.precision=float32").backbone.precision is config.Precision.float32


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("foo=1", "there is no setting foo; --help lists all settings"),
        ("+foo=1", "there is no setting foo; --help lists all settings"),
        ("+matcher.foo=1", "there is no setting matcher.foo; --help lists all settings"),
        ("sampling.worker=1", "there is no setting sampling.worker; did you mean sampling.workers?"),
        ("library_fps=1", "there is no setting library_fps; did you mean sampling.library_fps?"),
        ("pooling.power=2", "the option that was chosen has no setting pooling.power; --help lists those it has"),
        ("pooling=foo", "pooling=foo: there is no such option; choose one of gem, imac, rmac"),
        ("sampling.workers=two", "sampling.workers: Value 'two' of type 'str' could not be converted to Integer"),
        ("sampling.workers=-1", "sampling.workers=-1 is not usable: it must be 0 (automatic) or more"),
        ("matcher.threshold=1.5", "matcher.threshold=1.5 is not usable: it must be 0-1"),
        ("matcher.false_alarms=0", "matcher.false_alarms=0.0 is not usable: it must be above 0"),
        ("matcher.false_alarms=inf", "matcher.false_alarms=inf is not usable: it must be above 0"),
        ("backbone.precision=half", "Invalid value 'half', expected one of [auto, float32, bfloat16]"),
        ("whitening=t7", "the setting whitening.mean is missing; give it as whitening.mean=VALUE"),
        ("pooling=[gem", "write settings as name=value"),
        ("videos", "write settings as name=value"),
        ("matcher.neighbours=1,2", "matcher.neighbours=1,2: give one value, or add --multirun to run once for each"),
        ("~pooling", "no pooling is chosen; choose one as pooling=NAME, --help lists the names"),
        ("experiment=pca", "there is no setting experiment; --help lists all settings"),
    ],
)
def test_wrong_settings_in_one_line(override: str, expected: str) -> None:
    assert expected in complaint("query", "videos=v", override)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["level=hash"], "level=hash is not usable: it must be video or segment"),
        (["level=segment", "precision=0.9"], "precision=0.9: it counts with level=video; leave it out"),
        (["level=segment", "false_alarm_rate=0.1"], "false_alarm_rate=0.1: it counts with level=video"),
        (["level=segment", "pairs=p.csv"], "pairs=p.csv: it counts with level=video"),
    ],
)
def test_a_calibration_of_segments_takes_no_settings_of_videos(words: list[str], expected: str) -> None:
    assert complaint("calibrate", *words).startswith(expected)


def test_a_group_of_another_command() -> None:
    """A plus would not help: the command has no such group."""
    assert complaint("similarity", "queries=q", "index=flat") == "there is no setting index; --help lists all settings"
    assert "write it with a plus, +experiment=pca" in complaint("train", "experiment=pca")


def test_one_value_in_place_of_a_list() -> None:
    expected = "matcher.periods: this setting is a list; write it in brackets, as matcher.periods=[VALUE] or "
    assert complaint("similarity", "matcher=tmk", "matcher.periods=5").startswith(expected)
    assert "in brackets, as not_duplicates=[VALUE]" in complaint("duplicates", "not_duplicates=a.mp4")


def test_missing_settings() -> None:
    assert complaint("index") == "the setting videos is missing; give it as videos=VALUE"
    expected = "give it as action=list|stats|remove|check|rebuild|move_store"
    assert complaint("manage").endswith(expected)


def test_every_setting_is_known_by_its_full_name() -> None:
    settings = setting_types(config.QueryJobConfig)
    for name in ("videos", "pooling.levels", "pooling.power", "whitening.mean", "backbone.depth", "index.probes"):
        assert name in settings
    assert {name for name, hint in settings.items() if holds_path(hint)} == {
        "videos",
        "library",
        "output",
        "backbone.weights",
        "whitening.weights",
        "whitening.mean",
        "whitening.dvt",
        "refiner.weights",
        "matcher.calibration",
        "aggregation.weights",
        "aggregation.codebook",
        "hash.weights",
    }


def typed(word: str, kind: type) -> Any:
    """The value of a setting of ``kind``, from a word of the command line."""
    [override] = OverridesParser.create().parse_overrides(to_overrides([word], setting_types(kind)))
    assert not override.is_sweep_override()
    settings = OmegaConf.merge(OmegaConf.structured(kind), {override.key_or_group: override.value()})
    return OmegaConf.select(settings, override.key_or_group)


ODD_NAMES = [
    "plain.mp4",
    "with space.mp4",
    "a=b.mp4",
    "a,b.mp4",
    "[2020] clip (1) {x}.mp4",
    "it's.mp4",
    '"quoted".mp4',
    "'quoted'",
    "back\\slash\\",
    "\\'mixed\\\"",
    "日本語 ä é.mp4",
    "#&;!^~`<>|*?.mp4",
    "007",
    "1e3",
    "true",
    "${videos}",
    "a\\${b}",
    "$x",
    "new\nline",
    "choice(a)",
    "a:b",
    "%41",
    "trailing ",
    " leading",
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_any_name_of_a_file_is_a_path(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).touch()
    assert typed(f"videos={name}", config.IndexJobConfig) == Path(name)


@pytest.mark.parametrize("name", ["my library", "a,b", "ä=(1)", "it's", "ends in \\"])
def test_a_folder_that_is_yet_to_be_made(name: str) -> None:
    assert typed(f"library={name}", config.IndexJobConfig) == Path(name)


def test_words_that_are_no_paths_are_left_to_hydra() -> None:
    words = ["--cfg", "job", "matcher.neighbours=1,2", "store.url=http://h:1", "pooling=gem", "~local", "odd", "a=b c"]
    assert to_overrides(words, setting_types(config.QueryJobConfig)) == words


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("output=null", None),
        ("output='quoted by hand, (1).csv'", Path("quoted by hand, (1).csv")),
        ("+output=x y.csv", Path("x y.csv")),
        ("output=~/x.csv", Path.home() / "x.csv"),
    ],
)
def test_paths_of_someone_who_knows_hydra(word: str, expected: Path | None) -> None:
    assert typed(word, config.QueryJobConfig) == expected


def test_empty_path_does_not_stand_for_the_present_folder() -> None:
    with pytest.raises(ConfigError, match="videos is empty"):
        to_overrides(["videos="], setting_types(config.IndexJobConfig))


def test_name_that_is_no_text() -> None:
    with pytest.raises(ConfigError, match="not valid UTF-8"):
        to_overrides(["videos=a\udcff.mp4"], setting_types(config.IndexJobConfig))


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("ids=a.mp4", ["a.mp4"]),
        ("ids=my clip, part 2.mp4", ["my clip, part 2.mp4"]),
        ("ids=007", ["007"]),
        ("ids=null", ["null"]),
        ("ids=[a.mp4,b.mp4]", ["a.mp4", "b.mp4"]),
        ("ids=[ä b.mp4, it's.mp4]", ["ä b.mp4", "it's.mp4"]),
        ("ids=['a, b.mp4','c.mp4']", ["a, b.mp4", "c.mp4"]),
        ('ids=["a, b.mp4", c.mp4]', ["a, b.mp4", "c.mp4"]),
        ("ids=[x] y.mp4", ["[x] y.mp4"]),
        ("ids=[]", []),
        ("ids=", []),
    ],
)
def test_names_of_videos(word: str, expected: list[str]) -> None:
    assert typed(word, config.LibraryJobConfig) == expected


def test_paths_and_enumerations_read_well() -> None:
    shown = yaml.safe_load(OmegaConf.to_yaml(compose("index", ["videos=v"])))
    assert shown["library"] == "library"
    assert shown["backbone"]["precision"] == "auto"


def test_every_enumeration_has_values_like_its_names() -> None:
    # Overrides name members, JSON reports write values: they must be one word.
    for hint in setting_types(config.QueryJobConfig).values():
        if isinstance(hint, type) and issubclass(hint, Enum):
            assert all(member.name == member.value for member in hint)
