"""The verbs that keep a study's folder in order: `kbwf cache` and `kbwf clean`."""

import argparse
from collections.abc import Callable
from typing import Any

from kbwf.errors import RecordError


def add_verbs(verb: Callable[..., argparse.ArgumentParser], store: str | None) -> None:
    """Add both to the command line; `store` is the folder meant where none is named."""
    cache = verb("cache", _cache, "what the evaluation store holds; check it; make it smaller")
    cache.add_argument("what", choices=["info", "verify", "prune"])
    cache.add_argument("--store", default=store, required=store is None, help="the folder")
    cache.add_argument("--max-mb", type=float, help="prune: remove the longest unused until so many megabytes are left")
    cache.add_argument("--unused-days", type=float, help="prune: remove what was not used for so many days")
    cache.add_argument("--unusable", action="store_true", help="prune: remove what can never be served")
    cache.add_argument("--dry-run", action="store_true", help="prune: only say what would go")
    cache.add_argument("--quiet", action="store_true", help="say nothing unless something is wrong")
    clean = verb("clean", _clean, "remove what no result needs: logs, leftovers of kills, old training states")
    clean.add_argument("--results", default="results", help="the folder; default results")
    clean.add_argument("--dry-run", action="store_true", help="only say what would go, and what stays")


def _cache(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf import cache
    from kbwf.tasks.extraction import kernel_digest

    folder = Path(options.store)
    if options.what == "info":
        found = cache.info(folder)
    elif options.what == "verify":
        found = cache.verify(folder, kernel_digest)
    else:
        bounds: dict[str, Any] = {"max_mb": options.max_mb, "unused_days": options.unused_days}
        bounds |= {"is_unusable": options.unusable, "is_dry_run": options.dry_run}
        found = cache.prune(folder, kernel_digest, **bounds)
    if not found.is_sound:
        raise RecordError(found.text)
    return "" if options.quiet else found.text


def _clean(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.cleanup import clean

    return clean(Path(options.results), is_dry_run=options.dry_run)
