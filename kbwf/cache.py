"""The evaluation store as a whole: what is in it, whether it is sound, and keeping it small."""

import math
import os
import re
import stat
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from kbwf.content_store import read_entry, read_what_is_there
from kbwf.errors import ConfigError, RecordError
from kbwf.evaluation_store import StoredEvaluation
from kbwf.printable import size_text
from kbwf.records.evaluation import Evaluation
from kbwf.store import UNFINISHED

LEFTOVER_AGE_S = 3600.0
"""No write takes an hour: a temporary file older than that was left behind by a kill."""
MB = 1e6
UNUSABLE = "unusable; `kbwf cache verify` says more"

_ENTRY = re.compile(r"[0-9a-f]{64}\.json")


class Entry(NamedTuple):
    """A file of the store, or something else that has a file's name."""

    path: Path
    num_bytes: int
    used_s: float
    """When it was written or last taken, by the clock of its file system."""
    is_file: bool


class Report(NamedTuple):
    """What was found or done: a table or sentence, and whether all is well."""

    text: str
    is_sound: bool = True


def info(folder: Path) -> Report:
    """Entries, size, and what they were measured on and with."""
    entries = list(_entries(folder))
    conditions = Counter(text for entry in entries if (text := _conditions_of(entry.path)))
    lines = [f"{folder}: {len(entries)} entries, {_size(entries)}"]
    if entries:
        now_s = _now_s(folder)
        oldest, newest = (bound(entry.used_s for entry in entries) for bound in (min, max))
        lines.append(f"last used {_days(now_s - newest)} ago; the longest unused {_days(now_s - oldest)} ago")
    lines += [f"{count:7d}  {text}" for text, count in conditions.most_common()]
    answers = list(_entries(folder / "answers")) if (folder / "answers").is_dir() else []
    if answers:
        where = folder / "answers"
        lines.append(f"{len(answers)} chunks of services' answers, {_size(answers)}, until {where} goes")
    leftovers = list(_leftovers(folder))
    if leftovers:
        lines.append(f"{len(leftovers)} files left behind by killed writers, {_size(leftovers)}; prune removes them")
    return Report("\n".join(lines))


def verify(folder: Path) -> Report:
    """Hold every entry against its name, its conditions, its own kernel and its blocks, as whoever takes it does."""
    entries = list(_entries(folder))
    problems = [problem for entry in entries if (problem := _problem(entry.path))]
    lines = [f"{folder}: {len(entries)} entries, {len(problems)} of them unusable", *problems]
    if problems:
        lines.append("None of these is ever served; `kbwf cache prune --unusable` removes those that are files.")
    return Report("\n".join(lines), is_sound=not problems)


def prune(
    folder: Path,
    *,
    max_mb: float | None = None,
    unused_days: float | None = None,
    is_unusable: bool = False,
    is_dry_run: bool = False,
) -> Report:
    """Remove what killed writers left behind, and entries: the longest unused until `max_mb` holds, those not used for
    `unused_days`, those that can never be served. Ages are by the clock of the file system, not of this machine.

    Raises:
        ConfigError: a bound below zero, or one that is no number.
    """
    for name, bound in (("--max-mb", max_mb), ("--unused-days", unused_days)):
        if bound is not None and not 0 <= bound < math.inf:
            raise ConfigError(f"{name} must be a number from 0 on, and not infinite, got {bound:g}")
    entries = sorted(_entries(folder), key=lambda entry: entry.used_s)
    doomed: dict[Path, Entry] = {entry.path: entry for entry in _leftovers(folder)}
    if is_unusable:
        doomed |= {entry.path: entry for entry in entries if _problem(entry.path)}
    if unused_days is not None and entries:
        limit_s = _now_s(folder) - unused_days * 86400
        doomed |= {entry.path: entry for entry in entries if entry.used_s < limit_s}
    if max_mb is not None:
        kept = [entry for entry in entries if entry.path not in doomed and entry.is_file]
        excess = sum(entry.num_bytes for entry in kept) - max_mb * MB
        for entry in kept:
            if excess <= 0:
                break
            doomed[entry.path] = entry
            excess -= entry.num_bytes
    removed, failed = [], []
    for entry in doomed.values():
        try:
            if not is_dry_run:
                entry.path.unlink()
            removed.append(entry)
        except FileNotFoundError:  # another prune was first, and has counted it
            continue
        except OSError as error:
            failed.append(
                f"{entry.path} could not be removed ({error.strerror}); do it by hand, or have its owner do it"
            )
    verb = "would remove" if is_dry_run else "removed"
    text = f"{folder}: {verb} {len(removed)} files, {_size(removed)}; {len(entries)} entries were there"
    return Report("\n".join([text, *failed]), is_sound=not failed)


def _entries(folder: Path) -> Iterator[Entry]:
    return (entry for entry in _files(folder) if _ENTRY.fullmatch(entry.path.name))


def _leftovers(folder: Path) -> Iterator[Entry]:
    found = [entry for entry in _files(folder) if entry.is_file and _is_unfinished(entry.path.name)]
    if found:
        limit_s = _now_s(folder) - LEFTOVER_AGE_S
        yield from (entry for entry in found if entry.used_s < limit_s)


def _is_unfinished(name: str) -> bool:
    match = UNFINISHED.fullmatch(name)
    return match is not None and _ENTRY.fullmatch(match["name"]) is not None


def _files(folder: Path) -> Iterator[Entry]:
    if not folder.is_dir():
        raise RecordError(
            f"{folder} is no folder: nothing was measured and kept there yet, or --store must name another"
        )
    with os.scandir(folder) as listing:
        for each in listing:
            try:
                status = _status_of(each)
            except FileNotFoundError:  # renamed or removed while we looked
                continue
            yield Entry(folder / each.name, status.st_size, status.st_mtime, stat.S_ISREG(status.st_mode))


def _status_of(found: os.DirEntry[str]) -> os.stat_result:
    """Of what a link leads to, or of the link where that is nowhere."""
    try:
        return found.stat()
    except OSError:
        return found.stat(follow_symlinks=False)


def _now_s(folder: Path) -> float:
    """The file system's clock: on a network the server's, which no node's clock need agree with.

    Where a folder may only be read it is this machine's: then it is only said how old things are.
    """
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".now.") as probe:
            return os.fstat(probe.fileno()).st_mtime
    except OSError:
        return time.time()


def _problem(path: Path) -> str:
    """Why an entry is never served; empty if it is, or is gone."""
    try:
        read_entry(path, StoredEvaluation)
    except FileNotFoundError:
        return f"{path} is a link to nothing; remove it" if path.is_symlink() else ""
    except RecordError as error:
        return _older(path) or str(error).partition("\n")[0]
    return ""


def _older(path: Path) -> str:
    """Entries were once bare evaluations."""
    try:
        read_what_is_there(path, Evaluation)
    except (FileNotFoundError, RecordError):
        return ""
    return f"{path}: an entry of an older version, without its conditions"


def _conditions_of(path: Path) -> str:
    try:
        stored = read_entry(path, StoredEvaluation)
    except FileNotFoundError:
        return UNUSABLE if path.is_symlink() else ""
    except RecordError:
        return "older version, without conditions" if _older(path) else UNUSABLE
    on = stored.conditions.get("environment") or {}
    parts = [f"{name} {on[name]}" for name in ("driver", "torch", "cuda", "python", "num_threads") if on.get(name)]
    return f"{on.get('device', 'unknown device')}, {', '.join(parts)}, judge {stored.conditions.get('code')}"


def _size(entries: list[Entry]) -> str:
    return size_text(sum(entry.num_bytes for entry in entries))


def _days(seconds: float) -> str:
    return f"{max(seconds, 0) / 86400:.1f} days"
