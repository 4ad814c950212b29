"""What a user types after a command, put into the words of Hydra's grammar.

To Hydra, ``videos=my clip (1).mp4`` is a syntax error and ``videos=a,b.mp4`` a sweep. Settings that take a path or
names of videos are quoted here, so that the name of a file may hold whatever the file system allows; all others keep
Hydra's syntax.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from hydra.core.override_parser.types import Quote, QuotedString

from vdup.errors import ConfigError
from vdup.hydra_schema import holds_path

_INTERPOLATION = re.compile(r"(\\*)\$\{")


def to_overrides(words: Sequence[str], settings: Mapping[str, object]) -> list[str]:
    """Words of the command line as overrides.

    Args:
        words: as typed, flags among them.
        settings: dotted name -> type of every setting.

    Raises:
        ConfigError: a path is empty, or a word is not text.
    """
    return [_override(word, settings) for word in words]


def _override(word: str, settings: Mapping[str, object]) -> str:
    key, equals, value = word.partition("=")
    hint = settings.get(key.lstrip("+"))
    if word.startswith("-") or not equals or hint is None:
        return word
    if holds_path(hint):
        return f"{key}={_path(key, value)}"
    if hint == list[str]:
        return f"{key}=[{','.join(_quoted(name) for name in _names(value))}]"
    return word


def _path(key: str, value: str) -> str:
    if not value:
        raise ConfigError(f"{key} is empty; give it as {key}=PATH")
    _check_text(key, value)
    if value in ("null", "???"):
        return value
    if value.startswith("~/"):  # not every shell expands it behind an equals sign
        value = str(Path(value).expanduser())
    if Path(value).exists():
        # The file is there under this very name: nothing in it is syntax.
        return _quoted(_INTERPOLATION.sub(r"\1\1\\${", value))
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return value  # quoted already, by someone who knows Hydra
    return _quoted(value)


def _names(value: str) -> list[str]:
    """Names out of ``a.mp4`` or ``[a.mp4, "b, c.mp4"]``."""
    _check_text("ids", value)
    if not (value.startswith("[") and value.endswith("]")):
        return [value] if value else []
    inner = value[1:-1].strip()
    quote = "'" if inner.startswith("'") else '"'
    [names] = list(csv.reader([inner], quotechar=quote, skipinitialspace=True)) or [[]]
    return [name.strip() for name in names]


def _quoted(text: str) -> str:
    return QuotedString(text, Quote.single).with_quotes()


def _check_text(key: str, value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ConfigError(
            f"{key}={value!r}: this name is not valid UTF-8; rename the file, or give the folder that holds it"
        ) from error
