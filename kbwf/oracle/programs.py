"""What mutants are made of: right kernels of the bundled suite, or the references of a folder of problems."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kbwf.errors import TaskError
from kbwf.mutants import Mutant, mutants_of
from kbwf.records import Variation
from kbwf.settings import TaskSettings
from kbwf.tasks.extraction import extract_kernel
from kbwf.tasks.sources import list_problem_ids, load_task
from kbwf.tasks.suite import load_suite


@dataclass(frozen=True)
class Program:
    """One task with the right kernels that are known for it."""

    task_id: str
    name: str
    reference_source: str
    admits: tuple[tuple[Variation, ...], ...] | None
    """What the task says its inputs admit; None to try it out."""
    kernel_sources: tuple[str, ...] = ()
    """Right kernels that are mutated: files that define `ModelNew`. None: the reference under that name."""
    honest_sources: tuple[str, ...] = ()
    """Right kernels that are judged, but not mutated."""
    is_shrunk: bool = False
    """Whether its sizes are made smaller first."""


def mutants_of_all(kernel_sources: Iterable[str], limit: int | None) -> list[Mutant]:
    """The mutants of some kernels, each text once; at most `limit`, at equal distances."""
    found = {mutant.source: mutant for kernel in kernel_sources for mutant in mutants_of(kernel)}
    mutants = list(found.values())
    if limit is None or len(mutants) <= limit:
        return mutants
    return [mutants[index * len(mutants) // limit] for index in range(limit)]


def bundled_programs() -> Iterator[Program]:
    """The bundled suite: plain and fast formulations are mutated, slow ones only judged."""
    tasks = TaskSettings()
    suite = load_suite()
    for problem_id in list_problem_ids(tasks):
        task, entry = load_task(tasks, problem_id), suite[problem_id]
        kernels: dict[str, list[str]] = {"plain": [], "fast": [], "slow": []}
        for formulation in entry.formulations:
            source = extract_kernel(formulation.body, task, "forward_body").kernel_source
            if source is not None and formulation.kind in kernels:
                kernels[formulation.kind].append(source)
        yield Program(
            task.task_id, task.name, task.reference_source, entry.admits,
            (*kernels["plain"], *kernels["fast"]), tuple(kernels["slow"]),
        )  # fmt: skip


def programs_of_folder(folder: Path) -> Iterator[Program]:
    """The problems of a folder in KernelBench's format, by number; each reference is mutated as a whole class.

    Raises:
        TaskError: the folder holds no such files.
    """
    numbers = {path: path.name.partition("_")[0] for path in folder.glob("*_*.py")}
    paths = sorted((path for path in numbers if numbers[path].isdigit()), key=lambda path: int(numbers[path]))
    if not paths:
        raise TaskError(f"{folder} holds no problems such as 1_Matmul.py; give a level's folder of KernelBench")
    for path in paths:
        source = path.read_text(encoding="utf-8")
        yield Program(path.stem.partition("_")[0], path.stem, source, None, is_shrunk=True)


def kernel_of_reference(reference_source: str) -> str:
    """The reference with a copy of its class under the name `ModelNew`."""
    tree = ast.parse(reference_source)
    model = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Model")
    renamed = ast.parse(ast.unparse(model))
    for node in ast.walk(renamed):
        if isinstance(node, ast.Name) and node.id == "Model":
            node.id = "ModelNew"
        elif isinstance(node, ast.ClassDef) and node.name == "Model":
            node.name = "ModelNew"
    return reference_source.rstrip("\n") + "\n\n\n" + ast.unparse(renamed) + "\n"
