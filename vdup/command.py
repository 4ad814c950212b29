"""Runs a command: its words to settings, the settings to the job, what went wrong to a line and an exit code."""

import io
import logging
import os
import sys
from collections.abc import Callable
from typing import NoReturn, TypeVar

import hydra
from hydra._internal.utils import get_args_parser
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from vdup.errors import ConfigError, VdupError
from vdup.hydra_errors import explain
from vdup.hydra_schema import setting_types, to_config
from vdup.overrides import to_overrides

Job = TypeVar("Job")

ALL_WELL, FAILED, WRONG_USE, INTERRUPTED = 0, 1, 2, 130
"""Exit codes."""


def run(name: str, kind: type[Job], job: Callable[[Job], int]) -> NoReturn:
    """Composes the settings, calls the job and exits with its code.

    Exit codes: 0 all went well, 1 something failed, 2 wrong use, 130 interrupted. Errors that a user can meet become
    one line on stderr.

    Args:
        name: primary configuration, the name of a file in ``conf/``.
        kind: dataclass of the job.
        job: does the work and returns the exit code; called once for each job of a sweep.
    """
    settings = setting_types(kind)
    codes = [ALL_WELL]
    composed_once = False

    @hydra.main(version_base="1.3", config_path="pkg://vdup.conf", config_name=name)
    def main(composed: DictConfig) -> None:
        nonlocal composed_once
        composed_once = True
        try:
            codes.append(job(to_config(composed, kind)))
        # Caught here and not further out: Hydra would print a line of its own first, and end the sweep.
        except (VdupError, OSError) as error:
            codes.append(_report(error))

    _prepare_process()
    try:
        sys.argv[1:] = to_overrides(_sorted_words(sys.argv[1:]), settings)
        main()
    except (HydraException, OmegaConfBaseException) as error:
        codes.append(_report(ConfigError(explain(error, settings))))
    except (VdupError, OSError) as error:
        codes.append(_report(error))
    except ValueError as error:
        if composed_once:
            raise
        codes.append(_report(ConfigError(explain(error, settings))))
    except KeyboardInterrupt:
        print("interrupted; what was finished is kept, run the command again to go on", file=sys.stderr)
        codes.append(INTERRUPTED)
    sys.exit(max(codes))


def _report(error: VdupError | OSError) -> int:
    if isinstance(error, ConfigError):
        print(f"wrong use: {error}", file=sys.stderr)
        return WRONG_USE
    if isinstance(error, OSError) and error.filename is not None:
        print(f"error: {error.filename}: {error.strerror}", file=sys.stderr)
    else:
        print(f"error: {error}", file=sys.stderr)
    return FAILED


def _prepare_process() -> None:
    # Hydra passes its errors on instead of printing them in its own words.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    # Read by OpenMP when torch is first imported. Threads of the network that spin while they wait would take the
    # processor from the decoders; on two cores that costs a fifth of the speed.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # A log file that cannot be written (full disk) must not bury the error that matters.
    logging.raiseExceptions = False
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Names of files may hold bytes that are no text, and terminals may know fewer letters than the names.
            stream.reconfigure(errors="backslashreplace")


def _sorted_words(words: list[str]) -> list[str]:
    """Settings first, then flags: Hydra's parser stops taking settings at the second flag between them."""
    parser = get_args_parser()

    def refuse(message: str) -> NoReturn:
        raise ConfigError(f"{message}; settings are written as name=value, and --help lists them")

    parser.error = refuse  # type: ignore[method-assign]
    settings = parser.parse_intermixed_args(words).overrides
    flags = list(words)
    for setting in settings:
        flags.remove(setting)
    return [*settings, *flags]
