"""What is known about a run while it runs: jobs by stage, samples a second, GPU, time left, statuses, best kernel.

All moments are seconds of one clock, handed in by the caller.
"""

import json
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from kbwf.records.evaluation import EvalStatus
from kbwf.records.origin import CONTROL

WINDOW_S = 60.0
"""Rates are those of the last minute."""

_EVALUATE = "evaluate_kernel"
_NUM_DURATIONS = 50  # of a stage's latest jobs; the first pay for a cold start


class Job(NamedTuple):
    """A job at work."""

    stage: str
    wildcards: dict[str, str]
    output: str
    """Its first output, a path."""
    num_gpus: int
    started_s: float


class Best(NamedTuple):
    """The fastest correct kernel of this run; the control's do not count."""

    speedup: float
    wildcards: dict[str, str]
    path: str
    """Of its evaluation."""


@dataclass
class Stage:
    """Jobs of one rule."""

    num_jobs: int
    num_done: int = 0
    durations_s: deque[float] = field(default_factory=lambda: deque(maxlen=_NUM_DURATIONS))

    @property
    def num_left(self) -> int:
        """Jobs not done yet."""
        return max(self.num_jobs - self.num_done, 0)


class Progress:
    """Told what happens, in order; asked what it comes to at a moment."""

    def __init__(self) -> None:
        self.stages: dict[str, Stage] = {}
        self.running: dict[int, Job] = {}
        self.last_stage = ""
        """Of the job that began last."""
        self.failed: dict[int, str] = {}
        """Stage of each job whose last try failed, by job id."""
        self.statuses: Counter[str] = Counter()
        self.best: Best | None = None
        self.sandbox_lacks: tuple[str, ...] = ()
        """Defences that this host did not permit, of the first evaluation that says so."""
        self.num_gpus: int | None = None
        """GPUs that jobs share; None where that is not known."""
        self.started_s: float | None = None
        self.prefix = ""
        """Of all stages' names, where the workflow is another one's module (`use rule * from kbwf as kbwf_*`)."""
        self._num_planned = 0
        self._now_s = 0.0
        self._job_s = 0.0  # seconds of all jobs so far, added up
        self._gpu_s = 0.0
        self._num_gpus_held = 0
        self._history: deque[tuple[float, float, int]] = deque()  # moment, GPU-seconds, samples evaluated

    def plan(self, jobs: dict[str, int], at_s: float) -> None:
        """A run of so many jobs by rule begins."""
        self.stages = {stage: Stage(count) for stage, count in jobs.items()}
        self.prefix = next((stage.removesuffix(_EVALUATE) for stage in jobs if stage.endswith(_EVALUATE)), "")
        self.started_s = self._now_s = at_s
        self._history.append((at_s, 0.0, 0))

    def grow(self, num_jobs: int) -> None:
        """A checkpoint has said what else there is to do: so many jobs in all, of stages that show as they are done."""
        self._num_planned = max(self._num_planned, num_jobs)

    def recount(self, jobs: dict[str, int]) -> None:
        """So many jobs by rule by now, done ones included."""
        for name, count in jobs.items():
            stage = self.stages.setdefault(name, Stage(0))
            stage.num_jobs = max(stage.num_jobs, count)

    def start(self, job_id: int, job: Job) -> None:
        """A job begins, for the first time or again."""
        self._advance(job.started_s)
        self._end(job_id)
        self.running[job_id] = job
        self.stages.setdefault(job.stage, Stage(0))
        self._num_gpus_held += job.num_gpus
        self.last_stage = job.stage
        self.failed.pop(job_id, None)

    def finish(self, job_id: int, at_s: float) -> None:
        """A job is done; the record of an evaluation is read for its status."""
        self._advance(at_s)
        job = self._end(job_id)
        if job is None:
            return
        stage = self.stages.setdefault(job.stage, Stage(0))
        stage.num_done += 1
        stage.num_jobs = max(stage.num_jobs, stage.num_done)
        stage.durations_s.append(at_s - job.started_s)
        if job.stage.endswith(_EVALUATE):
            self._take_in(job)

    def fail(self, job_id: int, stage: str, at_s: float) -> None:
        """A job has failed; it may be tried again."""
        self._advance(at_s)
        self._end(job_id)
        self.failed[job_id] = stage

    @property
    def num_jobs(self) -> int:
        """Jobs of this run, as far as they are known."""
        return max(sum(stage.num_jobs for stage in self.stages.values()), self._num_planned)

    @property
    def has_unknown_stages(self) -> bool:
        """Whether there are more jobs than the stages say."""
        return self.num_jobs > sum(stage.num_jobs for stage in self.stages.values())

    @property
    def num_done(self) -> int:
        """Jobs done."""
        return sum(stage.num_done for stage in self.stages.values())

    @property
    def failures(self) -> dict[str, int]:
        """Kernels that did not pass, by status, the most frequent first."""
        return {status: count for status, count in self.statuses.most_common() if status != EvalStatus.PASSED}

    def samples_per_s(self, at_s: float) -> float | None:
        """Samples evaluated a second within the last minute; None before the first."""
        since_s, _, num_before = self._window(at_s)
        num_evaluated = self.statuses.total()
        return (num_evaluated - num_before) / (at_s - since_s) if num_evaluated and at_s > since_s else None

    def gpu_busy_frac(self, at_s: float) -> float | None:
        """Share of the last minute in which jobs held the GPUs; the rest is what the workflow spends between jobs."""
        since_s, gpu_s_before, _ = self._window(at_s)
        if not self.num_gpus or at_s <= since_s:
            return None
        return min((self._gpu_s - gpu_s_before) / (self.num_gpus * (at_s - since_s)), 1.0)

    def left_s(self, at_s: float) -> float | None:
        """Seconds that the jobs left will take, side by side as so far; None while that is known of none of them.

        A stage of which no job is done yet counts nothing, so at first this is too little.
        """
        self._advance(at_s)
        if self.started_s is None or at_s <= self.started_s or not self._job_s or not self.num_done:
            return None
        lost = Counter(self.failed.values())
        known = {name: stage for name, stage in self.stages.items() if stage.durations_s}
        if self.num_jobs > self.num_done + len(self.failed) and not any(stage.num_left for stage in known.values()):
            return None
        work_s = sum(
            max(stage.num_left - lost[name], 0) * sum(stage.durations_s) / len(stage.durations_s)
            for name, stage in known.items()
        )
        spent_s = sum(at_s - job.started_s for job in self.running.values() if self.stages[job.stage].durations_s)
        return max(work_s - spent_s, 0.0) * (at_s - self.started_s) / self._job_s

    def to_dict(self, at_s: float) -> dict[str, Any]:
        """The same for a machine; None where nothing is known yet."""
        best = self.best and {"speedup": self.best.speedup, **self.best.wildcards, "path": self.best.path}
        return {
            "jobs": {
                "done": self.num_done,
                "total": self.num_jobs,
                "running": len(self.running),
                "failed": len(self.failed),
            },
            "stages": {name: {"done": stage.num_done, "total": stage.num_jobs} for name, stage in self.stages.items()},
            "elapsed_s": at_s - self.started_s if self.started_s is not None else None,
            "left_s": self.left_s(at_s),
            "samples_per_s": self.samples_per_s(at_s),
            "gpu_busy_frac": self.gpu_busy_frac(at_s),
            "statuses": dict(self.statuses),
            "best": best,
        }

    def _end(self, job_id: int) -> Job | None:
        job = self.running.pop(job_id, None)
        self._num_gpus_held -= job.num_gpus if job else 0
        return job

    def _advance(self, at_s: float) -> None:
        passed_s = max(at_s - self._now_s, 0.0)
        self._job_s += passed_s * len(self.running)
        self._gpu_s += passed_s * min(self._num_gpus_held, self.num_gpus or 0)
        self._now_s = max(at_s, self._now_s)

    def _window(self, at_s: float) -> tuple[float, float, int]:
        """What was known a minute ago."""
        self._advance(at_s)
        if not self._history or at_s - self._history[-1][0] >= 1.0:
            self._history.append((at_s, self._gpu_s, self.statuses.total()))
        while len(self._history) > 1 and self._history[1][0] <= at_s - WINDOW_S:
            self._history.popleft()
        return self._history[0]

    def _take_in(self, job: Job) -> None:
        try:
            record = json.loads(Path(job.output).read_bytes())
            status, timing = str(record["status"]), record.get("timing")
            speedup = float(timing["speedup"]) if timing else 0.0
            lacks = tuple(map(str, (record.get("sandbox") or {}).get("missing", ())))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return  # whoever joins the records says what is wrong with it, or it is another workflow's
        self.statuses[status] += 1
        self.sandbox_lacks = self.sandbox_lacks or lacks
        if job.wildcards.get("policy") != CONTROL and speedup > (self.best.speedup if self.best else 0.0):
            self.best = Best(speedup, job.wildcards, job.output)
