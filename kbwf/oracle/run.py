"""Mutants through the trials, one task after the other, in a child process that is given up when it does not answer."""

import logging
import multiprocessing
import warnings
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any

from kbwf.oracle.programs import Program, bundled_programs, kernel_of_reference, mutants_of_all, programs_of_folder
from kbwf.oracle.results import Examined, Outcome, TaskResult
from kbwf.oracle.tables import to_json, to_markdown
from kbwf.store import write_text
from kbwf.verdict.variations import Admits, draws_of

ANSWER_TIMEOUT_S = 120.0
"""For one kernel in all trials; a mutant that takes longer than this hangs."""
_SEED = 7
_log = logging.getLogger(__name__)


def examine_all(programs: Iterable[Program], limit: int | None) -> Iterator[TaskResult]:
    """The result of each task, as it comes.

    Args:
        limit: how many mutants of a task at most; None for all.
    """
    for program in programs:
        with _Child(program) as child:
            result = _examine(program, child, limit)
        fates = [each.outcome.fate for each in result.mutants]
        _log.info("%s %s: %s", program.task_id, program.name, result.failure or f"{len(fates)} mutants")
        yield result


def _examine(program: Program, child: "_Child", limit: int | None) -> TaskResult:
    facts = child.start()
    if "failure" in facts:
        return TaskResult(program.task_id, program.name, failure=facts["failure"])
    kernels = program.kernel_sources or (kernel_of_reference(facts["reference_source"]),)
    honest = tuple(child.examine(source) for source in (*kernels, *program.honest_sources))
    examined = []
    for mutant in mutants_of_all(kernels, limit):
        outcome = child.examine(mutant.source)
        examined.append(Examined(mutant.rule, mutant.change if outcome.fate == "survived" else "", outcome))
    return TaskResult(
        program.task_id, program.name, "", facts["trials"], facts["degenerate"], honest, tuple(examined)
    )  # fmt: skip


def write_analysis(level_folder: Path | None, limit: int | None, output: Path) -> str:
    """Examine the bundled suite, or a folder of problems; write `oracle.md` and `oracle.json`; returns what to say.

    Raises:
        TaskError: the folder holds no problems.
    """
    programs = programs_of_folder(level_folder) if level_folder else bundled_programs()
    results = list(examine_all(programs, limit))
    markdown = to_markdown(results)
    write_text(output / "oracle.md", markdown)
    write_text(output / "oracle.json", to_json(results))
    return f"{markdown.partition(chr(10))[0]} Tables: {output / 'oracle.md'}"


class _Child:
    """A process that examines kernels for one task; started anew after one that hung or brought it down."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._context = multiprocessing.get_context("spawn")
        self._process: Any = None
        self._connection: Connection | None = None

    def __enter__(self) -> "_Child":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def start(self) -> dict[str, Any]:
        """What is known once the task is ready: trials, degenerate answers, the source as examined; or a failure."""
        self._connection, theirs = self._context.Pipe()
        admits = None if self._program.admits is None else draws_of(self._program.admits)
        arguments = (theirs, self._program.reference_source, self._program.is_shrunk, admits)
        self._process = self._context.Process(target=_serve, args=arguments, daemon=True)
        self._process.start()
        theirs.close()
        facts = self._answer(5 * ANSWER_TIMEOUT_S)
        return facts if facts is not None else {"failure": "the reference gives no answer, or brings its process down"}

    def examine(self, source: str) -> Outcome:
        """What becomes of a kernel; one that gives no answer is refused by any judge."""
        if self._connection is None:
            self.start()
        outcome: Outcome | None = self._answer(ANSWER_TIMEOUT_S, source)
        return outcome or Outcome("unanswered", is_killed_officially=True)

    def _answer(self, timeout_s: float, question: str | None = None) -> Any:
        """What the child says, or None: then it is gone."""
        assert self._connection is not None
        try:
            if question is not None:
                self._connection.send(question)
            if self._connection.poll(timeout_s):
                return self._connection.recv()
        except (EOFError, OSError):
            pass
        self._end()
        return None

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
        if self._connection is not None:
            self._connection.close()
        self._process = self._connection = None


def _serve(connection: Connection, reference_source: str, is_shrunk: bool, admits: Admits | None) -> None:
    """In the child: get the task ready, then answer each kernel with its outcome."""
    import torch

    from kbwf.oracle.shrinking import shrunk
    from kbwf.oracle.trials import Examiner

    warnings.simplefilter("ignore")  # a thousand mutants warn of the same
    torch.set_num_threads(1)
    try:
        source = shrunk(reference_source) if is_shrunk else reference_source
        examiner = Examiner(source, admits, _SEED)
    except Exception as error:  # whatever a program raises
        connection.send({"failure": f"{type(error).__name__}: {error}"[:200]})
        return
    yardstick = examiner.yardstick
    if not yardstick.is_decidable:
        connection.send(
            {"failure": "its outputs are lost in the reference's own rounding, so that values decide nothing"}
        )
        return
    connection.send({"trials": examiner.trial_names, "degenerate": yardstick.degenerate, "reference_source": source})
    while True:
        try:
            kernel_source = connection.recv()
        except EOFError:
            return
        connection.send(examiner.examine(kernel_source))
