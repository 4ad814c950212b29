"""Command: looks after a library. ``python -m vdup.library action=list|stats|remove|check|rebuild|move_store``."""

from dataclasses import replace

from vdup.command import ALL_WELL, FAILED, run
from vdup.config import LibraryAction, LibraryJobConfig
from vdup.errors import ConfigError
from vdup.hydra_schema import register


def manage(config: LibraryJobConfig) -> int:
    """Does what was asked for; 1 when a check finds problems."""
    removing, moving = config.action is LibraryAction.remove, config.action is LibraryAction.move_store
    if removing != bool(config.ids):
        raise ConfigError("give ids=[ID,ID] together with action=remove, and with that action only")
    if moving and config.store.url is None:
        raise ConfigError("action=move_store copies descriptors to a server; give its address as store.url=URL")
    from vdup.pipeline.library import Library
    from vdup.pipeline.open_library import find_problems, summary
    from vdup.report import library_report as report
    from vdup.store.open import open_store
    from vdup.store.pooling import DESCRIPTOR_DIMENSIONS

    if config.action is LibraryAction.check:
        problems = find_problems(config)
        report.print_problems(problems, config.library)
        return FAILED if problems else ALL_WELL
    here = replace(config, store=replace(config.store, url=None)) if moving else config
    reading = config.action in (LibraryAction.list, LibraryAction.stats)
    with Library.open(here, read_only=reading) as library:
        match config.action:
            case LibraryAction.list:
                report.print_videos(library.videos(), library.folder.catalogue.extras.damaged_seconds)
            case LibraryAction.stats:
                report.print_figures(summary(library))
            case LibraryAction.remove:
                report.print_removed(library.remove(config.ids))
            case LibraryAction.rebuild:
                library.rebuild()
                report.print_figures(summary(library))
            case LibraryAction.move_store:
                with open_store(config.store, library.folder.store_path, DESCRIPTOR_DIMENSIONS) as target:
                    report.print_moved(library.move_store(target), config.store)
    return ALL_WELL


def main() -> None:
    """Runs the command."""
    register()
    run("manage", LibraryJobConfig, manage)


if __name__ == "__main__":
    main()
