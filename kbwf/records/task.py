"""`Task`: one reference program to beat. `Split`: which tasks train and which evaluate."""

from typing import Literal

from pydantic import Field, model_validator

from kbwf.records.base import Record, canonical_json, sha256_of

Variation = Literal["signed", "scaled", "shifted", "heavy_tailed"]
"""How an input may be drawn other than officially, the task still making sense.

signed: values of both signs · scaled: multiplied by a constant · shifted: a constant added ·
heavy_tailed: a few values far from the rest.
"""

TaskSource = Literal["bundled", "directory", "huggingface"]


class Task(Record):
    """One reference program, frozen: whatever happens to its source later, results refer to this text."""

    task_id: str = Field(pattern=r"^l\d+_p\d{3,}$")
    """`l1_p012`: level and problem id. Level 0 is the bundled suite."""
    level: int = Field(ge=0)
    problem_id: int = Field(ge=1)
    name: str
    """Name without number and extension, as in `Matmul_with_diagonal_matrices`."""
    reference_source: str
    """Python source that defines `Model`, `get_inputs` and `get_init_inputs`."""
    reference_sha256: str
    source: TaskSource
    revision: str
    """Which state of the source: a commit or dataset revision, or `unversioned`."""
    admits: tuple[tuple[Variation, ...], ...] | None = None
    """For each input of `forward`, in order, the variations it admits; None: nothing is known."""
    module_mode: Literal["train", "eval"] = "train"
    """Whether reference and kernel run as they are made, in training mode, or after `.eval()`."""
    fault: str = ""
    """Why the source is no problem in KernelBench's format; then no text of it stands here."""

    @model_validator(mode="after")
    def _consistent(self) -> "Task":
        if self.task_id != task_id_of(self.level, self.problem_id):
            raise ValueError(f"task_id {self.task_id!r} does not fit level {self.level}, problem {self.problem_id}")
        if self.reference_sha256 != sha256_of(self.reference_source):
            raise ValueError(f"{self.task_id}: reference_sha256 is not the hash of reference_source")
        return self


class Split(Record):
    """Problem ids of a level, divided by a seed: shuffled by `random.Random(split_seed)`, the first 80 % train."""

    level: int
    split_seed: int
    source: TaskSource
    revision: str
    num_problems: int = Field(ge=1)
    train_ids: tuple[int, ...]
    eval_ids: tuple[int, ...]
    sha256: str
    """Of the canonical JSON of everything above."""

    @model_validator(mode="after")
    def _consistent(self) -> "Split":
        if self.num_problems != len(self.train_ids) + len(self.eval_ids):
            raise ValueError(f"{self.num_problems} problems, but {len(self.train_ids)} + {len(self.eval_ids)} ids")
        if set(self.train_ids) & set(self.eval_ids):
            raise ValueError("train and eval share problem ids")
        if self.sha256 != self.digest_of(self.model_dump(mode="json", exclude={"sha256"})):
            raise ValueError("sha256 does not fit the split's content")
        return self

    @staticmethod
    def digest_of(fields: dict[str, object]) -> str:
        """SHA-256 of the canonical JSON of all fields but `sha256`."""
        return sha256_of(canonical_json(fields))


def task_id_of(level: int, problem_id: int) -> str:
    """`l1_p012` for level 1, problem 12."""
    return f"l{level}_p{problem_id:03d}"


def parse_task_id(task_id: str) -> tuple[int, int]:
    """(level, problem id) of `l1_p012`."""
    level, problem = task_id.split("_")
    return int(level[1:]), int(problem[1:])
