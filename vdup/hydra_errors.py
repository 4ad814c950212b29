"""What Hydra and OmegaConf complain of, said in one line for the user of a command."""

import difflib
import re
from collections.abc import Mapping
from enum import Enum

from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

_UNKNOWN = re.compile(r"Could not override '(?P<key>[^']*)'")
_UNKNOWN_ADDED = re.compile(r"Key '(?P<key>[^']*)' (?:not in|is not in struct)")
_OPTION = re.compile(r"Could not find '(?P<group>[^']*)/(?P<option>[^'/]*)'")
_NOT_CHOSEN = re.compile(r"To append to your default list use (?P<word>\+\S+)")
_AMBIGUOUS = re.compile(r"Ambiguous value for argument '(?P<word>.*)'")
_FOREIGN = re.compile(r"In 'schema/(?P<group>[^']*)/(?P<option>[^'/]*)'.*is not a subclass", re.DOTALL)
_NOT_AN_OPTION = "Config group override must be a string"
_NOT_A_LIST = "is not a ListConfig, list or tuple"
_MALFORMED = ("LexerNoViableAlt", "no viable alternative", "missing EQUAL", "mismatched input", "token recognition")


def explain(error: BaseException, settings: Mapping[str, object]) -> str:
    """What an error says, without the lines that only Hydra's authors need.

    Args:
        error: from Hydra or OmegaConf while settings are put together, or any other error.
        settings: dotted name -> type of every setting, for advice.

    Returns:
        One line.
    """
    if isinstance(error, MissingMandatoryValue):
        key = _key(error) or str(error).splitlines()[0].rpartition(" ")[2]
        if key not in settings:  # a group that has no default
            return f"no {key} is chosen; choose one as {key}=NAME, --help lists the names"
        return f"the setting {key} is missing; give it as {key}={_values(settings[key])}"
    text = str(error)
    option = _OPTION.search(text)
    if option is not None:
        return _unknown_option(option["group"], option["option"], text)
    not_chosen = _NOT_CHOSEN.search(text)
    if not_chosen is not None:
        word = not_chosen["word"]
        group = word.removeprefix("+").partition("=")[0]
        if not any(name.startswith(f"{group}.") for name in settings):  # of another command
            return _unknown_setting(group, settings)
        return f"this group has no default option; write it with a plus, {word}"
    ambiguous = _AMBIGUOUS.search(text)
    if ambiguous is not None:
        return f"{ambiguous['word']}: give one value, or add --multirun to run once for each"
    foreign = _FOREIGN.search(text)
    if foreign is not None:
        return f"{foreign['group']}={foreign['option']}: this command cannot use that option; --help lists its settings"
    if text.startswith(_NOT_AN_OPTION):
        return "a group is chosen by the name of an option, as in pooling=rmac; --help lists them"
    # A value of the wrong type: Hydra names the override, the error behind it says what is wrong.
    cause = error.__cause__
    unknown = _UNKNOWN.search(text) or (_UNKNOWN_ADDED.search(str(cause or error)))
    if unknown is not None:
        return _unknown_setting(unknown["key"], settings)
    if isinstance(cause, OmegaConfBaseException):
        return explain(cause, settings)
    line = _first_sentences(text) or type(error).__name__
    if any(sign in text for sign in _MALFORMED):
        return f"{line}; write settings as name=value, and put a value with special characters in quotes"
    key = _key(error)
    if key and _NOT_A_LIST in line:
        return f"{key}: this setting is a list; write it in brackets, as {key}=[VALUE] or {key}=[VALUE,VALUE]"
    return f"{key}: {line}" if key and key not in line else line


def _key(error: BaseException) -> str:
    return str(getattr(error, "full_key", None) or "")


def _values(hint: object) -> str:
    if isinstance(hint, type) and issubclass(hint, Enum):
        return "|".join(member.name for member in hint)
    return "VALUE"


def _first_sentences(text: str) -> str:
    """The text up to the paragraphs of hints, on one line."""
    kept = []
    for line in text.splitlines():
        if line.startswith(("See https://", "Config search path", "Set the environment variable")):
            break
        if line.strip() and not line.strip().startswith(("full_key:", "object_type=", "reference_type=")):
            kept.append(line.strip())
    return " ".join(kept)


def _unknown_option(group: str, option: str, text: str) -> str:
    listed = text.partition("Available options in")[2].partition("Config search path")[0].splitlines()[1:]
    options = ", ".join(name.strip() for name in listed if name.strip())
    return f"{group}={option}: there is no such option" + (f"; choose one of {options}" if options else "")


def _unknown_setting(key: str, settings: Mapping[str, object]) -> str:
    if key in settings:  # of another option of its group
        return f"the option that was chosen has no setting {key}; --help lists those it has"
    last = key.rpartition(".")[2]
    near = difflib.get_close_matches(key, settings, n=1, cutoff=0.8) or [
        name for name in settings if name.rpartition(".")[2] == last
    ]
    advice = f"did you mean {' or '.join(near)}?" if near else "--help lists all settings"
    return f"there is no setting {key}; {advice}"
