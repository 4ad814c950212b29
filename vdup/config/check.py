"""The check that settings share."""

from vdup.errors import ConfigError


def require(condition: bool, setting: str, value: object, expected: str) -> None:
    """Refuses a value that cannot work.

    Args:
        condition: whether the value works.
        setting: its dotted name, as a user writes it.
        value: what was given.
        expected: what would work, such as "1 or more".

    Raises:
        ConfigError: the condition does not hold.
    """
    if not condition:
        raise ConfigError(f"{setting}={value} is not usable: it must be {expected}")
