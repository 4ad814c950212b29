"""Options of the whole suite."""

from collections.abc import Iterator

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--bfloat16",
        choices=("auto", "yes", "no"),
        default="auto",
        help="run as if the processor computed bfloat16 in hardware, or as if it did not (default: as it is)",
    )


@pytest.fixture(scope="session", autouse=True)
def _processor_with_or_without_bfloat16(request: pytest.FixtureRequest) -> Iterator[None]:
    """What ``precision=auto`` takes the processor for. No test builds a network in a process of its own."""
    wanted = request.config.getoption("bfloat16")
    if wanted == "auto":
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vdup.features.backbone.cpu_has_bfloat16", lambda: wanted == "yes")
        yield
