"""The report of a large study: how long it takes, and how much memory."""

import json
import logging
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from kbwf.records import CONTROL, ScoredSample
from kbwf.stages.make_report import Inputs
from tests.builders import make_scored, make_task
from tests.report.studies import Records
from tests.stages.test_make_report import written

log = logging.getLogger(__name__)
NUM_TOKENS = 200


def large_study() -> Records:
    """25,360 samples: 20 tasks, 2 seeds, 9 policies of 70 samples and 4 of the control; 200 tokens, 60 lines each."""
    rng = np.random.default_rng(0)
    records = Records(tasks=[make_task(number) for number in range(1, 21)])
    for task in records.tasks:
        for policy_id, num_samples in ((CONTROL, 4), *((f"model{number}", 70) for number in range(9))):
            for seed in (0, 1):
                records.scored += [random_sample(rng, idx, task.task_id, policy_id, seed) for idx in range(num_samples)]
    return records


def random_sample(rng: np.random.Generator, idx: int, task_id: str, policy_id: str, seed: int) -> ScoredSample:
    """Seven in eight are correct."""
    speedup = float(np.exp(0.5 * rng.standard_normal()))
    source = "\n".join(f"x{word} = y{word}" for word in rng.integers(0, 4096, 60))
    return make_scored(
        idx,
        speedup if rng.random() < 0.875 else None,
        tuple((-rng.random(NUM_TOKENS)).tolist()),
        low=0.95 * speedup,
        high=1.05 * speedup,
        ratios_B=tuple((speedup * (1 + 0.01 * rng.standard_normal(5))).tolist()),
        task_id=task_id,
        policy_id=policy_id,
        seed=seed,
        seconds_s={"compile": 0.5, "timing": 0.5},
        kernel_source=source,
    )


@pytest.mark.timing
def test_a_report_of_25000_samples_takes_a_minute_and_two_gigabytes_at_most(tmp_path: Path) -> None:
    """In a process of its own, as the rule runs it, with the default number of resamples. It works on one core, so that
    its processor time is what it takes where nobody else works."""
    records = large_study()
    assert len(records.scored) == 25360
    inputs = written(records, tmp_path)
    command = [sys.executable, "-m", "kbwf", "report", "--output", str(tmp_path / "report"), "--report", json.dumps({})]
    for name in Inputs._fields:
        command += [f"--{name.replace('_', '-')}", *map(str, getattr(inputs, name))]
    start_s = time.monotonic()
    subprocess.run(command, check=True, timeout=600)
    wall_s = time.monotonic() - start_s
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    size_mb = (tmp_path / "report" / "index.html").stat().st_size / 1e6
    log.info(
        "%.0f s (%.0f s of processor time), %.2f GB, page %.1f MB",
        wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e6, size_mb,
    )  # fmt: skip
    assert usage.ru_maxrss < 2e6  # kilobytes
    assert size_mb < 30
    assert usage.ru_utime + usage.ru_stime < 60
