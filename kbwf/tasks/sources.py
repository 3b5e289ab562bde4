"""Where tasks come from: the bundled suite, a checkout of KernelBench, or its data set on Hugging Face.

All three give the same frozen `Task`. A problem is never executed here; that it defines what it must is read from its
syntax tree.
"""

import ast
import codecs
import hashlib
import io
import re
import subprocess
import tokenize
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import kbwf
from kbwf.errors import TaskError
from kbwf.records import Task, Variation
from kbwf.records.base import sha256_of
from kbwf.records.task import task_id_of
from kbwf.settings import TaskSettings
from kbwf.tasks import locations
from kbwf.tasks.names import binds
from kbwf.tasks.prompts import reference_model
from kbwf.tasks.suite import load_suite

HUGGINGFACE_DATA_SET = "ScalingIntelligence/KernelBench"
UNVERSIONED = "unversioned"

_CODING = re.compile(r"(coding[:=][ \t]*)[-\w.]+")


class Problem(NamedTuple):
    """A row of the data set."""

    name: str
    code: str


def load_task(tasks: TaskSettings, problem_id: int) -> Task:
    """Freeze one problem.

    Raises:
        TaskError: there is no such problem, it cannot be read, or it does not define `Model` with `forward`,
            `get_inputs` and `get_init_inputs`.
        ConfigError: `tasks.path` does not hold the level.
    """
    admits: tuple[tuple[Variation, ...], ...] | None = None
    if tasks.source == "huggingface":
        problems, revision = _download(HUGGINGFACE_DATA_SET, tasks.level, tasks.revision)
        if problem_id not in problems:
            raise _unknown(tasks, problem_id, tuple(problems))
        name, code = problems[problem_id]
        origin = f"problem {problem_id} of {HUGGINGFACE_DATA_SET} level {tasks.level}"
    else:
        path = locations.problem_path(tasks, problem_id)
        if path is None:
            raise _unknown(tasks, problem_id, locations.problem_ids(tasks))
        name, origin, revision = path.stem, str(path), source_revision(tasks)
        code = read_source(path)
        if tasks.source == "bundled":
            admits = load_suite()[problem_id].admits
    require_definitions(code, origin)
    return _frozen(tasks, problem_id, name, code, revision, admits=admits)


def malformed_task(tasks: TaskSettings, problem_id: int, path: Path, fault: str) -> Task:
    """A file that `load_task` refuses, with the reason; it has a name, and no text that anything may depend on."""
    return _frozen(tasks, problem_id, path.stem, "", source_revision(tasks), fault=fault)


def _frozen(tasks: TaskSettings, problem_id: int, name: str, code: str, revision: str, **more: Any) -> Task:
    return Task(
        task_id=task_id_of(tasks.level, problem_id),
        level=tasks.level,
        problem_id=problem_id,
        name=re.sub(r"^\d+_", "", name.removesuffix(".py")).strip("_") or name,
        reference_source=code,
        reference_sha256=sha256_of(code),
        source=tasks.source,
        revision=revision,
        module_mode=tasks.module_mode,
        **more,
    )


def list_problem_ids(tasks: TaskSettings) -> tuple[int, ...]:
    """Problem ids that the source really has, ascending; `locations.problem_ids` assumes them for huggingface.

    Raises:
        TaskError: the data set cannot be loaded.
        ConfigError: `tasks.path` does not hold the level.
    """
    if tasks.source == "huggingface":
        return tuple(_download(HUGGINGFACE_DATA_SET, tasks.level, tasks.revision)[0])
    return locations.problem_ids(tasks)


def source_revision(tasks: TaskSettings) -> str:
    """Which state of the source the tasks are of.

    bundled: package version and digest of the suite's files · directory: the checkout's commit, with `-dirty` if the
    level's files differ from it, or `unversioned` outside of one · huggingface: the data set's commit, or what the
    configuration asked for if that cannot be resolved.
    """
    if tasks.source == "bundled":
        digest = hashlib.sha256()
        for path in locations.suite_files():
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        return f"kbwf {kbwf.__version__} {digest.hexdigest()[:16]}"
    if tasks.source == "directory":
        return _commit(locations.level_folder(tasks))
    return _resolved(HUGGINGFACE_DATA_SET, tasks.revision) or UNVERSIONED


def _commit(folder: Path) -> str:
    # A folder that only lies inside some checkout, without being part of it, has no commit: hence ls-files.
    if not _git(folder, "ls-files", "--", "."):
        return UNVERSIONED
    commit = _git(folder, "rev-parse", "HEAD")
    if not commit:
        return UNVERSIONED
    return commit + ("-dirty" if _git(folder, "status", "--porcelain", "--", ".") else "")


def _git(folder: Path, *arguments: str) -> str:
    try:
        command = ["git", "-C", str(folder), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _resolved(data_set: str, revision: str | None) -> str | None:
    """Commit of the data set, or what was asked for where the hub cannot be reached."""
    try:
        from huggingface_hub import HfApi

        return HfApi().dataset_info(data_set, revision=revision, timeout=20).sha or revision
    except Exception:
        return revision


def _download(data_set: str, level: int, revision: str | None) -> tuple[dict[int, Problem], str]:
    """Problems by id, ascending, and the data set's revision."""
    resolved = _resolved(data_set, revision)
    try:
        import datasets  # type: ignore[import-untyped]

        rows = datasets.load_dataset(data_set, revision=resolved, split=f"level_{level}")
        problems = {int(row["problem_id"]): Problem(str(row["name"]), str(row["code"])) for row in rows}
    except Exception as error:  # whatever network, cache, data set format and authentication can raise
        cause = " ".join(str(error).split())[:300] or type(error).__name__
        raise TaskError(
            f"level {level} of the data set {data_set} (revision {resolved or 'newest'}) cannot be loaded: {cause}."
            " Check the network and tasks.revision, install the package datasets, or clone KernelBench and use"
            " tasks.source: directory"
        ) from error
    return dict(sorted(problems.items())), resolved or UNVERSIONED


def _unknown(tasks: TaskSettings, problem_id: int, ids: tuple[int, ...]) -> TaskError:
    return TaskError(
        f"problem {problem_id} does not exist: source {tasks.source!r}, level {tasks.level} has the problem ids"
        f" {locations.abbreviated(ids)}; choose one of them"
    )


def read_source(path: Path) -> str:
    """The text of a Python file: UTF-8 with or without a mark, UTF-16 or UTF-32 with one, or as its coding line says.

    The line then says UTF-8, which is what the text is written in from here on.

    Raises:
        TaskError: the file cannot be read, or is no text in any of these.
    """
    try:
        raw = path.read_bytes()
        if raw.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):  # the first begins as UTF-16's does
            text = raw.decode("utf-32")
        elif raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            text = raw.decode("utf-16")
        else:
            encoding, first_lines = tokenize.detect_encoding(io.BytesIO(raw).readline)
            text = raw.decode(encoding)
            if encoding not in ("utf-8", "utf-8-sig"):
                head = "".join(line.decode(encoding) for line in first_lines)
                text = _CODING.sub(r"\1utf-8", head, count=1) + text[len(head) :]
    except OSError as error:
        raise TaskError(f"{path} cannot be read ({error}); restore the file") from error
    except (UnicodeDecodeError, SyntaxError, LookupError) as error:
        raise TaskError(
            f"{path} is no text in UTF-8 ({error}); write it as UTF-8, or name its encoding in the first line"
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def require_definitions(code: str, origin: str) -> None:
    """That a problem has `Model` with a `forward`, its own or inherited, and both functions for inputs, in any form.

    Raises:
        TaskError: something is missing; it is named.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = ast.parse(code).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise TaskError(f"{origin} is no Python source ({error}); restore the file") from error
    defined = {name for node in body for name in binds(node)}
    missing = [f"{name}()" for name in ("get_inputs", "get_init_inputs") if name not in defined]
    if not any(isinstance(node, ast.ClassDef) and node.name == "Model" for node in body):
        missing.insert(0, "class Model")
    else:
        try:
            reference_model(code)
        except TaskError:
            missing.insert(0, "Model.forward")
    if missing:
        raise TaskError(f"{origin} does not define {', '.join(missing)}; a problem in KernelBench's format does")
