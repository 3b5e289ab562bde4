"""What a run of thousands of jobs costs, beside a Snakefile that does nothing else (`bare.smk`), in the same run.

The yardstick has as many jobs, files and wildcards, and the same scheduler settings. Compared is processor time, which
neighbours change least; what was measured is logged.
"""

import json
import logging
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from tests.workflow.conftest import REPOSITORY, Project

pytestmark = [pytest.mark.scale, pytest.mark.timeout(7200)]

SEEDS_OF_25000 = list(range(23))  # 16 tasks x 23 seeds x (64 samples + 4 of the control)
NUM_OF_5000 = 80  # of the control, 16 tasks x 4 seeds
TASKS = [f"l0_p{number:03d}" for number in range(1, 17)]
MAX_TIME_RATIO, MAX_MEMORY_RATIO, MAX_JOB_S = 1.4, 1.3, 0.045


STUB = (
    "kbwf/stages/evaluate_kernel.py",
    "finding = judge.judge(task, kernel_source, settings)",
    "finding = Finding(EvalStatus.WRONG_VALUES)",
)
UNTRIED = "evaluation: {num_identity_pairs: 0}\n"
"""The judge is stubbed: tasks are described, and nothing is measured of them."""


class Cost(NamedTuple):
    """Of one Snakemake process."""

    wall_s: float
    cpu_s: float
    memory_mb: float
    output: str


class Side:
    """One of the two workflows, in a folder of its own."""

    def __init__(self, folder: Path, command: list[str], environment: dict[str, str]) -> None:
        self.folder, self.command, self.environment = folder, command, environment

    def snakemake(self, *arguments: str) -> Cost:
        """Run it to its end, which must be a good one."""
        command = [str(Path(sys.executable).parent / "snakemake"), *arguments, *self.command]
        command += ["--cores", "2", "--resources", "gpu=1"]
        started_s = time.monotonic()
        with (self.folder / "said.txt").open("w+") as said:
            process = subprocess.Popen(command, cwd=self.folder, env=self.environment, stdout=said, stderr=said)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            said.seek(0)
            output = said.read()
        assert process.returncode == 0, output[-4000:]
        wall_s = time.monotonic() - started_s
        return Cost(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output)


def sides(folder: Path, seeds: list[int], num_samples: int, num_control: int) -> tuple[Side, Side]:
    """Ours, with the judge stubbed, and the bare one."""
    (folder / "ours").mkdir()
    (folder / "bare").mkdir()
    project = Project(folder / "ours")
    project.edit(*STUB)
    sampling = f"sampling: {{num_samples: {num_samples}, chunk_size: 16, seeds: {seeds}}}"
    project.study("study.yaml", f"{sampling}\nidentity: {{num_samples: {num_control}}}\n{UNTRIED}runs: []\n")
    ours = Side(project.folder, ["--configfile", "study.yaml"], {**os.environ, "PYTHONPATH": str(project.folder)})
    strategies = ["random", "confidence", "surprisal", "surprisal_top_m", "shortest", "oracle"]
    counts = {"base": [num_samples, 16], "identity": [num_control, 4]}
    study = {"tasks": TASKS, "seeds": seeds, "strategies": strategies, "policies": counts}
    (folder / "bare" / "study.json").write_text(json.dumps(study))
    shutil.copy(Path(__file__).with_name("bare.smk"), folder / "bare" / "Snakefile")
    profile = yaml.safe_load((REPOSITORY / "profiles/default/config.yaml").read_text())
    same = ("scheduler", "scheduler-subsample", "max-jobs-per-timespan", "latency-wait")
    settings = [word for name in same for word in (f"--{name}", str(profile[name]))]
    command = ["--configfile", "study.json", *settings, "--keep-going", "--nolock", "--rerun-incomplete"]
    return ours, Side(folder / "bare", command, dict(os.environ))


def compare(what: str, ours: Cost, bare: Cost) -> None:
    """Log both, and hold the ratios against the marks."""
    time_ratio, memory_ratio = ours.cpu_s / bare.cpu_s, ours.memory_mb / bare.memory_mb
    for side, cost in (("ours", ours), ("bare", bare)):
        logging.info("%s, %s: %.1f s, %.1f s wall, %.0f MB", what, side, cost.cpu_s, cost.wall_s, cost.memory_mb)
    logging.info("%s: %.2f times the time, %.2f times the memory", what, time_ratio, memory_ratio)
    assert time_ratio <= MAX_TIME_RATIO
    assert memory_ratio <= MAX_MEMORY_RATIO


def num_jobs(cost: Cost) -> str:
    """Of evaluations and in all, as the job table says."""
    table = dict(line.split() for line in cost.output.splitlines() if len(line.split()) == 2)
    return f"{table['evaluate_kernel']} of {table['total']}"


def test_planning_25000_evaluations(tmp_path: Path) -> None:
    """The same number of jobs in both."""
    ours, bare = sides(tmp_path, SEEDS_OF_25000, 64, 4)
    dry_run = ("--dry-run", "--quiet", "rules")
    planned = ours.snakemake(*dry_run), bare.snakemake(*dry_run)
    assert num_jobs(planned[0]) == num_jobs(planned[1]) == "25024 of 28283"
    compare("dry run of 25,024 evaluations", *planned)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[tuple[Side, Cost], tuple[Side, Cost]]:
    """Ours and the bare one, run once: 5,120 evaluations of the control, of the judge nothing but its call left out."""
    ours, bare = sides(tmp_path_factory.mktemp("large"), [0, 1, 2, 3], 64, NUM_OF_5000)
    cost_of_bare = bare.snakemake("identity_control")
    return (ours, ours.snakemake("identity_control")), (bare, cost_of_bare)


def test_an_evaluation_costs_little_beside_its_judging(finished: tuple[tuple[Side, Cost], ...]) -> None:
    """Seconds on the clock for all jobs, samples and joins among them, over the number of evaluations."""
    (ours, cost), (_, of_bare) = finished
    count = len(list((ours.folder / "results/evals").rglob("*.json")))
    for side, each in (("ours", cost), ("bare", of_bare)):
        logging.info("%d evaluations, %s: %.1f s, %.1f ms each", count, side, each.wall_s, each.wall_s / count * 1000)
    assert count == len(TASKS) * 4 * NUM_OF_5000
    assert cost.wall_s / count <= MAX_JOB_S


def test_finding_nothing_to_do_after_5000_evaluations(finished: tuple[tuple[Side, Cost], ...]) -> None:
    """Every param, command and input is compared with what was recorded."""
    (ours, _), (bare, _) = finished
    idle = ours.snakemake("identity_control"), bare.snakemake("identity_control")
    assert all("Nothing to be done" in cost.output for cost in idle)
    compare("nothing to do after 5,120 evaluations", *idle)
