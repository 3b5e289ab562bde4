"""The verbs that keep a study's folder in order: `kbwf cache` and `kbwf clean`."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kbwf.errors import ConfigError, RecordError


def add_verbs(verb: Callable[..., argparse.ArgumentParser], store: str | None) -> None:
    """Add both to the command line; `store` is the folder meant where none is named."""
    cache = verb("cache", _cache, "what the evaluation store holds; check it; make it smaller")
    cache.add_argument("what", choices=["info", "verify", "prune"])
    cache.add_argument(
        "--store", default=store, required=store is None, help="the folder, such as that of a study's results"
    )
    cache.add_argument("--max-mb", type=float, help="prune: remove the longest unused until so many megabytes are left")
    cache.add_argument("--unused-days", type=float, help="prune: remove what was not used for so many days")
    cache.add_argument("--unusable", action="store_true", help="prune: remove what can never be served")
    cache.add_argument("--dry-run", action="store_true", help="prune: only say what would go")
    cache.add_argument("--quiet", action="store_true", help="say nothing unless something is wrong")
    clean = verb("clean", _clean, "remove what no result needs: logs, leftovers of kills, old training states")
    clean.add_argument("--results", default="results", help="the folder; default results")
    clean.add_argument("--dry-run", action="store_true", help="only say what would go, and what stays")


def _cache(options: argparse.Namespace) -> str:
    if not options.store:
        raise ConfigError("--store is empty; name the folder, or leave it out")
    folder = Path(options.store)
    try:
        return _of_the_store(folder, options)
    except OSError as error:
        raise RecordError(
            f"{error.filename or folder} cannot be read ({error.strerror}); its owner must do this"
        ) from error


def _of_the_store(folder: Path, options: argparse.Namespace) -> str:
    from kbwf import cache

    if options.what != "prune":
        asked = {"--max-mb": options.max_mb is not None, "--unused-days": options.unused_days is not None}
        asked |= {"--unusable": options.unusable, "--dry-run": options.dry_run}
        if given := [name for name, is_given in asked.items() if is_given]:
            raise ConfigError(
                f"{' and '.join(given)} goes with prune, and {options.what} removes nothing; leave it out"
            )
        found = cache.info(folder) if options.what == "info" else cache.verify(folder)
    else:
        bounds: dict[str, Any] = {"max_mb": options.max_mb, "unused_days": options.unused_days}
        bounds |= {"is_unusable": options.unusable, "is_dry_run": options.dry_run}
        found = cache.prune(folder, **bounds)
    if not found.is_sound:
        raise RecordError(found.text)
    return "" if options.quiet else found.text


def _clean(options: argparse.Namespace) -> str:
    from kbwf.cleanup import clean

    return clean(Path(options.results), is_dry_run=options.dry_run)
