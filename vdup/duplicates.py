"""Command: finds near-duplicates in a library. ``python -m vdup.duplicates library=DIR [output=FILE]``."""

from vdup.command import ALL_WELL, run
from vdup.config import DuplicatesJobConfig
from vdup.hydra_schema import register


def duplicates(config: DuplicatesJobConfig) -> int:
    """Remembers what was marked, finds the groups, shows and writes them."""
    from vdup.report.output import check_output

    check_output(config.output, suffixes=(".csv", ".json"))
    # Behind the checks, which must not wait for torch.
    from vdup.grouping.duplicates import find_duplicates, mark
    from vdup.pipeline.library import Library
    from vdup.report.duplicate_groups import print_groups, write_groups
    from vdup.report.progress import ProgressDisplay

    with Library.open(config) as library:
        mark(library, config.not_duplicates, config.duplicates_after_all)
        with ProgressDisplay("comparing", unit="videos") as display:
            found = find_duplicates(library, config, display.counted)
    # The file first: it must not be lost to a closed terminal.
    if config.output is not None:
        write_groups(config.output, found, config)
    print_groups(found, config.library, config.output)
    return ALL_WELL


def main() -> None:
    """Runs the command."""
    register()
    run("duplicates", DuplicatesJobConfig, duplicates)


if __name__ == "__main__":
    main()
