"""The evaluation store as a whole: what is in it, whether it is sound, and keeping it small."""

import contextlib
import os
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from kbwf.errors import ConfigError, RecordError
from kbwf.evaluation_store import StoredEvaluation
from kbwf.records.evaluation import Evaluation
from kbwf.store import TEMPORARY_PREFIX, read_record

LEFTOVER_AGE_S = 3600.0
"""No write takes an hour: a temporary file older than that was left behind by a kill."""
MB = 1e6

_ENTRY = re.compile(r"[0-9a-f]{64}\.json")


class Entry(NamedTuple):
    """A file of the store."""

    path: Path
    num_bytes: int
    used_s: float
    """When it was written or last taken, by the clock of its file system."""


class Report(NamedTuple):
    """What was found or done: a table or sentence, and whether all is well."""

    text: str
    is_sound: bool = True


def info(folder: Path) -> Report:
    """Entries, size, and what they were measured on and with."""
    entries = list(_entries(folder))
    conditions: Counter[str] = Counter()
    for entry in entries:
        conditions[_conditions_of(entry.path)] += 1
    lines = [f"{folder}: {len(entries)} entries, {_megabytes(entries)}"]
    if entries:
        now_s = _now_s(folder)
        oldest, newest = (bound(entry.used_s for entry in entries) for bound in (min, max))
        lines.append(f"last used {_days(now_s - newest)} ago; the longest unused {_days(now_s - oldest)} ago")
    lines += [f"{count:7d}  {text}" for text, count in conditions.most_common()]
    answers = list(_entries(folder / "answers")) if (folder / "answers").is_dir() else []
    if answers:
        where = folder / "answers"
        lines.append(f"{len(answers)} chunks of services' answers, {_megabytes(answers)}, until {where} goes")
    leftovers = list(_leftovers(folder))
    if leftovers:
        lines.append(
            f"{len(leftovers)} files left behind by killed writers, {_megabytes(leftovers)}; prune removes them"
        )
    return Report("\n".join(lines))


def verify(folder: Path, digest_of: Callable[[str], str]) -> Report:
    """Hold every entry against its name, its conditions and its own kernel.

    Args:
        digest_of: digest of a kernel's source.
    """
    problems, num_entries = [], 0
    for entry in _entries(folder):
        num_entries += 1
        problem = _problem(entry.path, digest_of)
        if problem:
            problems.append(problem)
    lines = [f"{folder}: {num_entries} entries, {len(problems)} of them unusable", *problems]
    if problems:
        lines.append("None of these is ever served; `kbwf cache prune --unusable` removes them.")
    return Report("\n".join(lines), is_sound=not problems)


def prune(
    folder: Path,
    digest_of: Callable[[str], str],
    *,
    max_mb: float | None = None,
    unused_days: float | None = None,
    is_unusable: bool = False,
    is_dry_run: bool = False,
) -> Report:
    """Remove what killed writers left behind, and entries: the longest unused until `max_mb` holds, those not used for
    `unused_days`, those that can never be served. Ages are by the clock of the file system, not of this machine.

    Raises:
        ConfigError: a bound below zero.
    """
    for name, bound in (("--max-mb", max_mb), ("--unused-days", unused_days)):
        if bound is not None and bound < 0:
            raise ConfigError(f"{name} must be at least 0, got {bound:g}")
    entries = sorted(_entries(folder), key=lambda entry: entry.used_s)
    doomed: dict[Path, Entry] = {entry.path: entry for entry in _leftovers(folder)}
    if is_unusable:
        doomed |= {entry.path: entry for entry in entries if _problem(entry.path, digest_of)}
    if unused_days is not None and entries:
        limit_s = _now_s(folder) - unused_days * 86400
        doomed |= {entry.path: entry for entry in entries if entry.used_s < limit_s}
    if max_mb is not None:
        kept = [entry for entry in entries if entry.path not in doomed]
        excess = sum(entry.num_bytes for entry in kept) - max_mb * MB
        for entry in kept:
            if excess <= 0:
                break
            doomed[entry.path] = entry
            excess -= entry.num_bytes
    removed = [entry for entry in doomed.values() if is_dry_run or _is_removed(entry.path)]
    verb = "would remove" if is_dry_run else "removed"
    text = f"{folder}: {verb} {len(removed)} files, {_megabytes(removed)}; {len(entries)} entries were there"
    if len(removed) < len(doomed):
        text += f"\n{len(doomed) - len(removed)} could not be removed: they belong to others"
    return Report(text, is_sound=len(removed) == len(doomed))


def _entries(folder: Path) -> Iterator[Entry]:
    return (entry for entry in _files(folder) if _ENTRY.fullmatch(entry.path.name))


def _leftovers(folder: Path) -> Iterator[Entry]:
    found = [
        entry for entry in _files(folder) if re.match(re.escape(TEMPORARY_PREFIX) + _ENTRY.pattern, entry.path.name)
    ]
    if found:
        limit_s = _now_s(folder) - LEFTOVER_AGE_S
        yield from (entry for entry in found if entry.used_s < limit_s)


def _files(folder: Path) -> Iterator[Entry]:
    if not folder.is_dir():
        raise RecordError(f"{folder} is no folder; run the workflow, or name the store with --store")
    with os.scandir(folder) as listing:
        for each in listing:
            with contextlib.suppress(FileNotFoundError):  # renamed or removed while we looked
                status = each.stat()
                yield Entry(folder / each.name, status.st_size, status.st_mtime)


def _now_s(folder: Path) -> float:
    """The file system's clock: on a network the server's, which no node's clock need agree with."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".now.") as probe:
            return os.fstat(probe.fileno()).st_mtime
    except OSError as error:
        raise RecordError(f"{folder} cannot be written to ({error.strerror}); its owner must do this") from error


def _problem(path: Path, digest_of: Callable[[str], str]) -> str:
    try:
        stored = read_record(path, StoredEvaluation)
        stored.check(path)
        source = stored.evaluation.kernel_source or ""
        if digest_of(source) != stored.evaluation.kernel_sha256:
            raise RecordError(f"{path}: its kernel is not the one that its digest names; remove it")
    except (OSError, UnicodeDecodeError, RecordError) as error:
        if not path.exists():  # removed while we looked
            return ""
        return _older(path) or str(error).partition("\n")[0]
    return ""


def _older(path: Path) -> str:
    """Entries were once bare evaluations."""
    try:
        read_record(path, Evaluation)
    except (OSError, UnicodeDecodeError, RecordError):
        return ""
    return f"{path}: an entry of an older version, without its conditions"


def _conditions_of(path: Path) -> str:
    try:
        stored = read_record(path, StoredEvaluation)
    except (OSError, UnicodeDecodeError, RecordError):
        return "older version, without conditions" if _older(path) else "unreadable; `kbwf cache verify` says more"
    on = stored.conditions.get("environment") or {}
    parts = [f"{name} {on[name]}" for name in ("driver", "torch", "cuda", "python", "num_threads") if on.get(name)]
    return f"{on.get('device', 'unknown device')}, {', '.join(parts)}, judge {stored.conditions.get('code')}"


def _is_removed(path: Path) -> bool:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return False
    return True


def _megabytes(entries: list[Entry]) -> str:
    return f"{sum(entry.num_bytes for entry in entries) / MB:.1f} MB"


def _days(seconds: float) -> str:
    return f"{max(seconds, 0) / 86400:.1f} days"
