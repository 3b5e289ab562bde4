"""The workflow on a real SLURM: it completes, and after every kind of fault the same command completes it."""

import contextlib
import json
import logging
import re
import signal
import subprocess
import time

import pytest

from tests.conditions import wait_until
from tests.slurm.conftest import ON_TWO_SMALL_NODES, Cluster, SlurmProject, slurm

pytestmark = [pytest.mark.slurm, pytest.mark.timeout(3600)]

CONTROL = ("identity_control", *ON_TWO_SMALL_NODES)
ONE_EACH = ("--group-components", "evaluations=1")
ONCE = "test -e once && return; touch once"


def passed(project: SlurmProject) -> int:
    """Evaluations of the control that passed."""
    folder = project.folder / "results/evals/identity/l0_p001/seed0"
    return sum(json.loads(path.read_text())["status"] == "passed" for path in folder.glob("[0-9]*.json"))


def completes(project: SlurmProject, *arguments: str) -> None:
    """The same command again: all four evaluations, and then nothing to do."""
    code, output = project.run(*CONTROL, *arguments)
    assert code == 0, output[-4000:]
    assert passed(project) == 4
    assert "Nothing to be done" in project.run(*CONTROL, *arguments)[1]


@pytest.mark.parametrize("num_each", [1, 4])
def test_the_control_completes(cluster: Cluster, project: SlurmProject, num_each: int) -> None:
    """One evaluation a job, or four; each is started once; the seconds beyond the judging are logged."""
    before = set(cluster.jobs())
    started_s = time.monotonic()
    completes(project, "--group-components", f"evaluations={num_each}")
    took_s = time.monotonic() - started_s
    assert sorted(project.starts()) == [0, 1, 2, 3]
    states = {job: state for job, state in cluster.jobs().items() if job not in before}
    assert set(states.values()) == {"COMPLETED"}
    assert len(states) == 2 + 4 // num_each  # the task tried out, the control's chunk, and the evaluations
    logging.info("%d evaluations a job: %.0f s for four, sampling and submission with them", num_each, took_s)


def test_the_whole_study_completes_inside_one_allocation(cluster: Cluster, project: SlurmProject) -> None:
    """The way that is recommended: one job, in which Snakemake and its warm processes stay."""
    snakemake = "snakemake --cores all --resources gpu=1 --configfile tiny.yaml"
    started_s = time.monotonic()
    said = project.folder / "said.txt"
    slurm("sbatch", "--wait", "--gpus=1", "--mem=6000", "--chdir", str(project.folder), "--output", str(said),
          f"--export=ALL,PYTHONPATH={project.folder},PATH={project.path}", "--wrap", snakemake)  # fmt: skip
    logging.info("inside one allocation: %.0f s for the whole study", time.monotonic() - started_s)
    assert "(100 %)" in said.read_text()
    assert (project.folder / "results/report/summary.md").exists()
    assert not project.processes()


def test_a_failed_job_is_tried_again_and_keeps_its_neighbours(cluster: Cluster, project: SlurmProject) -> None:
    """Sample 2 fails once, in a group of four: those that were done before it are not done again."""
    project.before(f"if [ $1 = 2 ]; then {ONCE}; exit 1; fi")
    completes(project, "--group-components", "evaluations=4")


def test_a_job_over_its_time_is_tried_again(cluster: Cluster, project: SlurmProject) -> None:
    """One minute is allowed, and sample 2 takes three, once."""
    project.before(f"if [ $1 = 2 ]; then {ONCE}; sleep 180; fi")
    completes(project, *ONE_EACH, "--set-resources", "evaluate_kernel:runtime=1")
    assert "TIMEOUT" in cluster.jobs().values()


def test_a_cancelled_job_is_tried_again(cluster: Cluster, project: SlurmProject) -> None:
    """By somebody's scancel, while it runs."""
    project.before(f"if [ $1 = 2 ]; then {ONCE}; sleep 600; fi")
    process = project.start(*CONTROL, *ONE_EACH)
    wait_until(lambda: 2 in project.starts() or process.poll() is not None)
    wait_until(lambda: len(cluster.unfinished()) == 1 and len(project.evaluations()) == 3)
    slurm("scancel", *cluster.unfinished())
    output, _ = process.communicate(timeout=1800)
    assert process.returncode == 0, output[-4000:]
    assert passed(project) == 4
    assert sorted(project.starts()) == [0, 1, 2, 2, 3]


def test_a_node_that_goes_down_loses_its_job_only(cluster: Cluster, project: SlurmProject) -> None:
    """What ran there is tried again on the other."""
    project.before(f"if [ $1 = 2 ]; then {ONCE}; sleep 600; fi")
    process = project.start(*CONTROL, *ONE_EACH)
    wait_until(lambda: 2 in project.starts() or process.poll() is not None)
    wait_until(lambda: len(cluster.unfinished()) == 1 and len(project.evaluations()) == 3)
    before = project.evaluations()
    node = slurm("squeue", "-h", "-j", cluster.unfinished()[0], "-o", "%N").strip()
    slurm("scontrol", "update", f"nodename={node}", "state=down", "reason=test")
    try:
        output, _ = process.communicate(timeout=1800)
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):  # its daemon answered, and it is back already
            slurm("scontrol", "update", f"nodename={node}", "state=resume")
    assert process.returncode == 0, output[-4000:]
    after = project.evaluations()
    assert len(after) == 4
    assert sorted(project.starts()) == [0, 1, 2, 2, 3]
    assert {idx: after[idx] for idx in before} == before


def test_a_killed_snakemake_is_taken_up_again(cluster: Cluster, project: SlurmProject) -> None:
    """kill -9 while the last evaluation runs; its job is cancelled, as documented; nothing else is redone."""
    project.before(f"if [ $1 = 2 ]; then {ONCE}; sleep 600; fi")
    process = project.start(*CONTROL, *ONE_EACH)
    wait_until(lambda: 2 in project.starts() or process.poll() is not None)
    wait_until(lambda: len(cluster.unfinished()) == 1 and len(project.evaluations()) == 3)
    before = project.evaluations()
    process.send_signal(signal.SIGKILL)
    process.wait()
    jobs = slurm("squeue", "-h", "-o", "%i %j").splitlines()
    slurm("scancel", *[line.split()[0] for line in jobs if line.split()[1].startswith("kbwf_")])
    completes(project, *ONE_EACH)
    after = project.evaluations()
    assert {idx: after[idx] for idx in before} == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--default-resources", "slurm_partition=nowhere", "slurm_account=test"), "invalid partition"),
        (("--set-resources", "sample_chunk:gpu_model=h100"), "(?i)requested node configuration is not available|gres"),
        (("--set-resources", "sample_chunk:mem_mb=900000"), "(?i)memory|node configuration is not available"),
    ],
    ids=["partition", "gpu model", "memory"],
)
def test_what_the_cluster_does_not_have_is_said(
    cluster: Cluster, project: SlurmProject, arguments: tuple[str, ...], message: str
) -> None:
    """SLURM's own words reach the user, and nothing hangs."""
    code, output = project.run(*CONTROL, *arguments)
    assert code != 0
    assert re.search(message, output), output[-4000:]
