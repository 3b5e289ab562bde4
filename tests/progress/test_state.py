"""What a run comes to, from what was told about it; every moment is given, none measured."""

import json
from pathlib import Path

import pytest

from kbwf.progress.line import progress_line
from kbwf.progress.state import Job, Progress


def record(folder: Path, idx: int, status: str = "passed", speedup: float | None = None, policy: str = "base") -> Job:
    """An evaluation on disk, and the job that wrote it."""
    path = folder / f"{policy}-{idx}.json"
    path.write_text(json.dumps({"status": status, "timing": speedup and {"speedup": speedup}}))
    wildcards = {"policy": policy, "task": "l0_p001", "seed": "0", "idx": str(idx)}
    return Job("evaluate_kernel", wildcards, str(path), 1, 100.0)


def done(progress: Progress, job_id: int, job: Job, from_s: float, to_s: float) -> None:
    """A job that took so long."""
    progress.start(job_id, job._replace(started_s=from_s))
    progress.finish(job_id, to_s)


def test_jobs_are_counted_by_stage() -> None:
    """Two of three done; the stage without jobs is whole."""
    progress = Progress()
    progress.plan({"freeze_task": 2, "all": 1}, 0.0)
    for job_id in (1, 2):
        done(progress, job_id, Job("freeze_task", {}, "", 0, 0.0), 0.0, 1.0)
    assert (progress.num_done, progress.num_jobs) == (2, 3)
    assert progress.stages["freeze_task"].num_left == 0


def test_a_failed_job_is_lost_until_it_is_tried_again() -> None:
    """A retry starts the same job anew."""
    progress = Progress()
    progress.plan({"freeze_task": 1}, 0.0)
    job = Job("freeze_task", {}, "", 0, 0.0)
    progress.start(1, job)
    progress.fail(1, "freeze_task", 1.0)
    assert (dict(progress.failed), progress.running) == ({1: "freeze_task"}, {})
    done(progress, 1, job, 2.0, 3.0)
    assert not progress.failed
    assert progress.num_done == 1


def test_statuses_and_the_best_kernel_come_from_the_records(tmp_path: Path) -> None:
    """The control is faster here, and is no kernel of a model."""
    progress = Progress()
    progress.plan({"evaluate_kernel": 5}, 0.0)
    jobs = [
        record(tmp_path, 0, speedup=1.5),
        record(tmp_path, 1, "wrong_values"),
        record(tmp_path, 2, speedup=2.5),
        record(tmp_path, 3, speedup=2.0),
        record(tmp_path, 4, speedup=9.0, policy="identity"),
    ]
    for job_id, job in enumerate(jobs):
        done(progress, job_id, job, 0.0, 1.0)
    assert progress.failures == {"wrong_values": 1}
    assert progress.statuses["passed"] == 4
    assert progress.best is not None
    assert (progress.best.speedup, progress.best.wildcards["idx"]) == (2.5, "2")


def test_a_record_that_cannot_be_read_counts_as_a_job_only(tmp_path: Path) -> None:
    """Whoever joins the records says what is wrong with it."""
    progress = Progress()
    progress.plan({"evaluate_kernel": 1}, 0.0)
    job = record(tmp_path, 0)
    Path(job.output).write_text("{")
    done(progress, 1, job, 0.0, 1.0)
    assert progress.num_done == 1
    assert progress.statuses.total() == 0


def test_rates_are_those_of_the_last_minute(tmp_path: Path) -> None:
    """Ten samples in the first second, then one every ten seconds: 7 in the window of 60 s, not 16 in 100."""
    progress = Progress()
    progress.num_gpus = 1
    progress.plan({"evaluate_kernel": 100}, 0.0)
    job = record(tmp_path, 0)
    for job_id in range(10):
        done(progress, job_id, job, job_id / 10, (job_id + 1) / 10)
    for job_id in range(10, 20):
        at_s = (job_id - 9) * 10.0
        done(progress, job_id, job, at_s - 5.0, at_s)
        progress.samples_per_s(at_s)
    assert progress.samples_per_s(100.0) == pytest.approx(6 / 60)
    assert progress.gpu_busy_frac(100.0) == pytest.approx(30 / 60)


def test_gpu_time_is_that_of_all_gpus(tmp_path: Path) -> None:
    """Two GPUs, two jobs side by side for half of ten seconds; a third job waits for one of them."""
    progress = Progress()
    progress.num_gpus = 2
    progress.plan({"evaluate_kernel": 3}, 0.0)
    job = record(tmp_path, 0)
    for job_id in range(3):
        progress.start(job_id, job._replace(started_s=0.0))
    for job_id in range(3):
        progress.finish(job_id, 5.0)
    assert progress.gpu_busy_frac(10.0) == pytest.approx(0.5)


def test_the_time_left_follows_each_stage_s_own_jobs() -> None:
    """Two jobs of 1 s and one of 4 s are done, one after the other; left are 3 of 1 s and 2 of 4 s: 11 s."""
    progress = Progress()
    progress.plan({"freeze_task": 5, "sample_chunk": 3}, 0.0)
    quick, slow = Job("freeze_task", {}, "", 0, 0.0), Job("sample_chunk", {}, "", 0, 0.0)
    assert progress.left_s(0.0) is None
    done(progress, 1, quick, 0.0, 1.0)
    done(progress, 2, quick, 1.0, 2.0)
    done(progress, 3, slow, 2.0, 6.0)
    assert progress.left_s(6.0) == pytest.approx(11.0)


def test_jobs_side_by_side_leave_less_time() -> None:
    """Two jobs of 4 s at once; 4 more take 8 s, of which 1 s has passed in both of the next two."""
    progress = Progress()
    progress.plan({"sample_chunk": 6}, 0.0)
    job = Job("sample_chunk", {}, "", 0, 0.0)
    for job_id in (1, 2):
        progress.start(job_id, job)
    for job_id in (1, 2):
        progress.finish(job_id, 4.0)
    for job_id in (3, 4):
        progress.start(job_id, job._replace(started_s=4.0))
    assert progress.left_s(5.0) == pytest.approx((16 - 2) / 2)


def test_a_machine_reads_the_same(tmp_path: Path) -> None:
    """JSON with counts, rates and the best kernel; unknown is null."""
    progress = Progress()
    assert progress.to_dict(0.0)["samples_per_s"] is None
    progress.plan({"evaluate_kernel": 2}, 0.0)
    done(progress, 1, record(tmp_path, 7, speedup=1.25), 0.0, 2.0)
    said = json.loads(json.dumps(progress.to_dict(2.0)))
    assert said["jobs"] == {"done": 1, "total": 2, "running": 0, "failed": 0}
    assert said["stages"] == {"evaluate_kernel": {"done": 1, "total": 2}}
    assert said["samples_per_s"] == 0.5
    assert (said["left_s"], said["gpu_busy_frac"]) == (2.0, None)
    assert (said["best"]["speedup"], said["best"]["task"], said["best"]["idx"]) == (1.25, "l0_p001", "7")


def test_a_run_may_grow() -> None:
    """After a checkpoint there are more jobs than the stages said; their stages show as they are done."""
    progress = Progress()
    progress.plan({"freeze_task": 1}, 0.0)
    progress.grow(3)
    done(progress, 1, Job("freeze_task", {}, "", 0, 0.0), 0.0, 1.0)
    assert (progress.num_done, progress.num_jobs, progress.has_unknown_stages) == (1, 3, True)
    for job_id in (2, 3):
        done(progress, job_id, Job("sample_chunk", {}, "", 0, 0.0), 1.0, 2.0)
    assert (progress.num_done, progress.num_jobs, progress.has_unknown_stages) == (3, 3, False)
    progress.grow(2)
    assert progress.num_jobs == 3


def test_while_no_stage_that_is_left_has_begun_nobody_knows_how_long() -> None:
    """The first stage is through: what its jobs took says nothing of the others."""
    progress = Progress()
    progress.plan({"freeze_task": 1, "evaluate_kernel": 4}, 0.0)
    done(progress, 1, Job("freeze_task", {}, "", 0, 0.0), 0.0, 1.0)
    assert progress.left_s(1.0) is None
    done(progress, 2, Job("evaluate_kernel", {}, "", 1, 0.0), 1.0, 3.0)
    assert progress.left_s(3.0) == pytest.approx(6.0)
    for job_id in (3, 4, 5):
        done(progress, job_id, Job("evaluate_kernel", {}, "", 1, 0.0), 3.0, 4.0)
    assert progress.left_s(4.0) == 0.0


def test_as_a_module_under_a_prefix_it_says_the_same(tmp_path: Path) -> None:
    """Another workflow's own rules count as jobs too."""
    progress = Progress()
    progress.plan({"kbwf_evaluate_kernel": 2, "own": 1}, 0.0)
    job = record(tmp_path, 0, speedup=1.5)._replace(stage="kbwf_evaluate_kernel")
    done(progress, 1, job, 0.0, 1.0)
    assert progress.prefix == "kbwf_"
    assert progress.statuses == {"passed": 1}
    assert progress.best and progress.best.speedup == 1.5
    assert progress.samples_per_s(1.0) == 1.0
    assert "evaluate 1/2" in progress_line(progress, 1.0, 60)


@pytest.mark.parametrize(
    "text", ["{}", "[]", "null", '{"status": "passed", "timing": {"x": 1}}', '{"status": "x", "timing": 1}']
)
def test_another_workflow_s_rule_of_that_name_ending_is_no_evaluation(tmp_path: Path, text: str) -> None:
    """Its output is something else."""
    progress = Progress()
    progress.plan({"re_evaluate_kernel": 1}, 0.0)
    path = tmp_path / "output"
    path.write_text(text)
    done(progress, 1, Job("re_evaluate_kernel", {}, str(path), 0, 0.0), 0.0, 1.0)
    assert progress.num_done == 1
    assert progress.statuses.total() == 0 and progress.best is None


def test_a_lost_job_takes_no_more_time() -> None:
    """Of four jobs of 2 s two are done and one is lost: 2 s are left."""
    progress = Progress()
    progress.plan({"freeze_task": 4}, 0.0)
    for job_id in (1, 2):
        done(progress, job_id, Job("freeze_task", {}, "", 0, 0.0), 2.0 * job_id - 2, 2.0 * job_id)
    progress.start(3, Job("freeze_task", {}, "", 0, 4.0))
    progress.fail(3, "freeze_task", 4.0)
    assert progress.left_s(4.0) == pytest.approx(2.0)
