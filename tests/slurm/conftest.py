"""A real SLURM of two nodes with a pretended GPU each, and a study small enough for it."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workflow.conftest import Project

SCRIPT = Path(__file__).with_name("slurm_local.sh")
SMALL_STUDY = """
tasks: {subset: [1]}
sampling: {num_samples: 2, chunk_size: 2, seeds: [0], max_tokens: 24}
identity: {num_samples: 4}
evaluation: {mode: fast, timeout_s: 60, num_identity_pairs: 1}
report: {num_resamples: 200}
demo: {num_steps: 2}
runs: []
"""
ON_TWO_SMALL_NODES = [
    "--workflow-profile", "profiles/slurm", "--slurm-init-seconds-before-status-checks", "3",
    "--default-resources", "slurm_partition=main", "slurm_account=test", "runtime=5", "mem_mb=2500",
]  # fmt: skip


def slurm(*command: str) -> str:
    """What a SLURM command says."""
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


class Cluster:
    """The running SLURM."""

    def jobs(self) -> dict[str, str]:
        """State of every job that squeue remembers, by id, finished ones too."""
        lines = slurm("squeue", "-h", "-t", "all", "-o", "%i %T").splitlines()
        return dict(line.split() for line in lines)

    def unfinished(self) -> list[str]:
        """Ids of the jobs that wait, are at work, or end: what is COMPLETING still fails with its node."""
        return [line.split()[0] for line in slurm("squeue", "-h", "-o", "%i").splitlines()]


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Started for the session, stopped and removed after it."""
    if os.getuid() != 0 or shutil.which("slurmctld") is None:
        pytest.skip("needs root and SLURM (tests/slurm/slurm_local.sh install)")
    root = tempfile.mkdtemp(prefix="kbwf-slurm-")
    environment = {**os.environ, "SLURM_LOCAL_ROOT": root, "SLURM_LOCAL_NODES": "2", "SLURM_LOCAL_GPUS": "1"}
    subprocess.run([SCRIPT, "start"], env=environment, check=True, timeout=300)
    yield Cluster()
    subprocess.run([SCRIPT, "clean"], env=environment, check=False, timeout=300)


BEFORE = ("rules/evaluate.smk", '"kbwf evaluate', '". ./before.sh {wildcards.idx}; kbwf evaluate')
"""What is edited, and how."""


class SlurmProject(Project):
    """A copy whose evaluate jobs first do what `before.sh` says."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.study("tiny.yaml", SMALL_STUDY)
        self.edit(*BEFORE)
        self.before("")

    @property
    def path(self) -> str:
        """PATH with this environment first."""
        return f"{Path(sys.executable).parent}:{os.environ['PATH']}"

    def before(self, script: str) -> None:
        """A shell script; `$1` is the sample's index. It notes every start in `starts`."""
        (self.folder / "before.sh").write_text(f"echo $1 >> starts\n{script}\n")

    def starts(self) -> list[int]:
        """Sample indices of the evaluate jobs that were started, in order."""
        path = self.folder / "starts"
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    def evaluations(self) -> dict[int, str]:
        """The record of each of the control's evaluations: the seconds in it differ if it is written anew.

        Snakemake may touch the file once it has heard of the job's end, which is seconds after SLURM.
        """
        found = (self.folder / "results/evals/identity/l0_p001/seed0").glob("[0-9]*.json")
        return {int(path.stem): path.read_text() for path in found}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[SlurmProject]:
    """A fresh copy; what a node that went down has left at work there ends with it."""
    project = SlurmProject(tmp_path)
    yield project
    for pid in project.pids():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
