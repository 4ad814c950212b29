"""The part of ``--help`` that lists the groups of settings which a command has, with the options of each."""

from importlib.resources import files

from omegaconf import DictConfig, OmegaConf

_NOTES = {
    "aggregation": "bag needs aggregation.codebook",
    "dataset": "which has no default",
    "experiment": "chosen as +experiment=option",
    "hash": "hash.weights=FILE, for level=hash",
    "whitening": "t7 needs whitening.mean and whitening.dvt",
    "whole_video": "for level=video and level=hash",
}
_WITHOUT_PAIR_MATCHERS = ("query", "duplicates")
"""Commands whose only matcher is that of vdup: they search a library, and the others compare two videos."""


def register_help() -> None:
    """Makes ``${groups_with_options:}`` known to OmegaConf: the groups of the command whose settings are composed."""
    OmegaConf.register_new_resolver("groups_with_options", _groups_with_options, replace=True)


def _groups_with_options(*, _root_: DictConfig) -> str:
    hydra = _root_.hydra
    choices: dict[str, str | None] = {str(group): option for group, option in hydra.runtime.choices.items()}
    if hydra.job.name == "train":
        choices = {"experiment": None, **choices}
    lines = []
    for group, default in reversed(choices.items()):  # Hydra notes them from the last to the first
        if "@" in group or not (options := _options(group)):
            continue
        if group == "matcher" and hydra.job.name in _WITHOUT_PAIR_MATCHERS:
            options = ["vdup"]
        # In a sorted list what is not the default stays sorted.
        options.sort(key=lambda option: option != default)
        note = f" ({_NOTES[group]})" if group in _NOTES else ""
        lines.append(f"  {group:<11} {', '.join(options)}{note}")
    return "\n".join(lines)


def _options(group: str) -> list[str]:
    folder = files("vdup.conf").joinpath(group)
    if not folder.is_dir():
        return []
    return sorted(file.name.removesuffix(".yaml") for file in folder.iterdir() if file.name.endswith(".yaml"))
