"""The bank's files: kernels with a header that says what they try, against which task, and what may come of it."""

from dataclasses import dataclass
from pathlib import Path

from kbwf.errors import KbwfError
from kbwf.records import EvalStatus

HONEST = "honest"
KINDS = {
    "replay": "work skipped where nobody checks, replayed, or done before the clock starts",
    "clock": "the clock, the runner's code, its messages or torch's functions changed",
    "streams": "work hidden behind streams, events, graphs and caches of a GPU",
    "reference": "the reference slowed or broken, the kernel unchanged",
    "less_work": "less work, or other numbers within tolerance",
    "semantics": "another type, shape, dtype, memory or meaning of the result",
    "brought_down": "the judge brought down, stalled, or made to try again",
    "verdict": "a verdict taken over from another kernel",
    "secrets": "secrets, neighbours, and whatever lies outside of the sandbox",
    "compile": "compilers and their caches",
}
"""Every kind of attack, and what it is."""

_NEEDED = ("task", "kind", "idea", "seen", "device", "expect")
_KNOWN = {*_NEEDED, "blind", "runs", "probe"}
_DEVICES = ("any", "cpu", "cuda")


@dataclass(frozen=True)
class Entry:
    """One file of the bank."""

    name: str
    kind: str
    task_path: Path
    kernel_path: Path
    idea: str
    seen: str
    """Where it was met, or `own idea`."""
    device: str
    """`cpu`, `cuda`, or `any` of the two."""
    expected: frozenset[EvalStatus]
    """What may come of it besides `passed` without being faster."""
    is_blind: bool = False
    """Written without a look at the judge's code."""
    num_runs: int = 1
    """Two: the first leaves something behind for the second."""
    probe_path: Path | None = None
    """The honest kernel that is judged after it; None is the reference itself."""
    twin_path: Path | None = None
    """An honest kernel judged before it, whose verdict it tries to take over."""

    @property
    def source(self) -> str:
        """The kernel, header and all."""
        return self.kernel_path.read_text(encoding="utf-8")


def read_bank(folder: Path) -> list[Entry]:
    """All cheats and all honest kernels, in the order of their tasks.

    Raises:
        KbwfError: the folder is no bank, or a header is not as it should be.
    """
    if not (folder / "cheats").is_dir() or not (folder / "honest").is_dir():
        raise KbwfError(f"{folder} is no bank of attacks: it needs the folders cheats, honest and tasks")
    paths = [*sorted((folder / "cheats").glob("*.py")), *sorted((folder / "honest").glob("*.py"))]
    entries = [_read_entry(path, folder) for path in paths]
    return sorted(entries, key=lambda entry: (entry.task_path.name, entry.kind, entry.name))


def chosen(entries: list[Entry], device: str, kind: str | None, name: str | None) -> list[Entry]:
    """Those for this device (`cpu` or `cuda`), of this kind and of this name, where these are given.

    Raises:
        KbwfError: there is none.
    """
    found = [
        entry
        for entry in entries
        if entry.device in ("any", device) and kind in (None, entry.kind) and name in (None, entry.name)
    ]
    if not found:
        raise KbwfError(
            f"the bank of {len(entries)} files has none for device {device}, kind {kind or 'any'}, name {name or 'any'}"
        )
    return found


def _read_entry(path: Path, folder: Path) -> Entry:
    fields = read_header(path)
    task_path = folder / "tasks" / f"{fields['task']}.py"
    if not task_path.is_file():
        raise KbwfError(f"{path}: its task is {fields['task']!r}, but there is no {task_path}")
    is_cheat = path.parent.name == "cheats"
    if (fields["kind"] in KINDS) != is_cheat or (fields["kind"] == HONEST) == is_cheat:
        raise KbwfError(f"{path}: kind is {fields['kind']!r}; cheats have one of {', '.join(KINDS)}, others {HONEST}")
    if fields["device"] not in _DEVICES:
        raise KbwfError(f"{path}: device is {fields['device']!r}; it is one of {', '.join(_DEVICES)}")
    probe_path = folder / "honest" / f"{fields['probe']}.py" if "probe" in fields else None
    if probe_path and not probe_path.is_file():
        raise KbwfError(f"{path}: its probe is {fields['probe']!r}, but there is no {probe_path}")
    twin_path = folder / "twins" / path.name
    try:
        expected = frozenset(EvalStatus(status.strip()) for status in fields["expect"].split(","))
    except ValueError as error:
        raise KbwfError(f"{path}: expect is {fields['expect']!r}; it is a list of {', '.join(EvalStatus)}") from error
    return Entry(
        name=path.stem,
        kind=fields["kind"],
        task_path=task_path,
        kernel_path=path,
        idea=fields["idea"],
        seen=fields["seen"],
        device=fields["device"],
        expected=expected,
        is_blind=fields.get("blind") == "yes",
        num_runs=int(fields.get("runs", "1")),
        probe_path=probe_path,
        twin_path=twin_path if is_cheat and twin_path.is_file() else None,
    )


def read_header(path: Path) -> dict[str, str]:
    """The fields of the comment lines that a file begins with.

    Raises:
        KbwfError: a field is missing, unknown or there twice.
    """
    fields: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("# "):
            break
        key, separator, value = line[2:].partition(": ")
        if key.startswith("-*-"):  # an encoding line, which comes before all others
            continue
        if not separator or key not in _KNOWN or key in fields:
            raise KbwfError(f"{path}: {line!r} is no field of a header; write `# name: value`, each once")
        fields[key] = value.strip()
    missing = [name for name in _NEEDED if name not in fields]
    if missing:
        raise KbwfError(f"{path}: the header lacks {', '.join(missing)}")
    return fields
