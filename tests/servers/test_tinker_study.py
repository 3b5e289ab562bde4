"""A study on Tinker through Snakemake, against a server of somebody else's that is lost on the way."""

import time
from pathlib import Path

import pytest

from kbwf.records import PolicyUpdate, RunSummary, Sample
from kbwf.store import read_record, read_records
from tests.servers.conftest import KEY
from tests.servers.tinker_server import TinkerServer
from tests.workflow.conftest import Project

pytest.importorskip("tinker", reason="the extra is not installed: pip install 'kbwf[tinker]'")
pytestmark = pytest.mark.servers

STUDY = """
tasks: {{subset: [1, 3]}}
base: {{backend: tinker, model: "{model}", base_url: "{url}", logprobs_temperature: one, deadline_s: {deadline_s}}}
sampling: {{num_samples: 4, chunk_size: 4, seeds: [0], temperature: 1.0, max_tokens: 32}}
identity: {{num_samples: 0}}
evaluation: {{mode: fast, num_identity_pairs: 1}}
report: {{num_resamples: 200}}
runs:
  - {{name: ttt, method: grpo, tasks: study, num_steps: 2, rollouts_per_task: 4, learning_rate: 0.002,
     is_probed: false}}
  - {{name: sdpo, method: sdpo, tasks: [1, 3], num_steps: 1, rollouts_per_task: 4, learning_rate: 0.001}}
"""
MAX_OFF_POLICY_NATS = 1e-3
"""Trainer and sampler are two programs of one server, both in float32."""


PATIENT_S, IMPATIENT_S = 300.0, 10.0
"""Deadlines of a request: the server compiles on the way."""


def set_study(project: Project, model: Path, server: TinkerServer, deadline_s: float) -> None:
    """With this deadline, which no result depends on."""
    project.study("tinker.yaml", STUDY.format(model=model, url=server.url, deadline_s=deadline_s))


@pytest.mark.timeout(1800)
def test_a_study_goes_on_where_it_was_when_the_server_was_lost(
    tmp_path: Path, two_task_policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed in the middle of an update: an error that says so, and no sample that was drawn is drawn again."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.delenv("TINKER_API_KEY", raising=False)
    project = Project(tmp_path / "project")
    (project.folder / ".env").write_text(f"TINKER_API_KEY={KEY}\n")
    server = TinkerServer(two_task_policy, tmp_path / "server").start()
    try:
        set_study(project, two_task_policy, server, PATIENT_S)
        first = "results/policies/ttt_seed0.step1/checkpoint.json"
        code, output = project.run(first, studies=("tinker.yaml",))
        assert code == 0, output[-6000:]
        set_study(project, two_task_policy, server, IMPATIENT_S)
        process = project.start("results/policies/sdpo_seed0.step1/checkpoint.json", studies=("tinker.yaml",))
        while not (project.folder / "results/logs/adapt_policy/sdpo_seed0.step1.log").exists():
            assert process.poll() is None, process.communicate()[0][-6000:]
            time.sleep(0.05)
        server.kill()
        output, _ = process.communicate(timeout=800)
        assert process.returncode != 0
        assert f"no answer within base.deadline_s ({IMPATIENT_S:g} s)" in output
        before = {path: path.stat().st_mtime_ns for path in project.folder.glob("results/samples/**/*.jsonl")}
        before[project.folder / first] = (project.folder / first).stat().st_mtime_ns
        assert len(before) >= 3
        server.start()
        set_study(project, two_task_policy, server, PATIENT_S)
        code, output = project.run(studies=("tinker.yaml",))
        assert code == 0, output[-6000:]
    finally:
        server.kill()
    assert {path: path.stat().st_mtime_ns for path in before} == before
    for policy, method in (("ttt_seed0.step1", "grpo"), ("ttt_seed0.step2", "grpo"), ("sdpo_seed0.step1", "sdpo")):
        update = read_record(project.folder / f"results/policies/{policy}/update.json", PolicyUpdate)
        assert (update.method, update.num_gradient_steps, update.gpu_s) == (method, 1, 0.0)
        assert abs(update.kl_sample_train_nats) < MAX_OFF_POLICY_NATS
        assert (update.num_teacher_tokens > update.num_response_tokens) == (method == "sdpo")
    drawn = read_records(project.folder / "results/samples/ttt_seed0.step2/l0_p001/seed0/chunk0.jsonl", Sample)
    base = read_records(project.folder / "results/samples/base/l0_p001/seed0/chunk0.jsonl", Sample)
    assert len({sample.model for sample in (*drawn, *base)}) == 2
    summary = read_record(project.folder / "results/runs/ttt_seed0/summary.json", RunSummary)
    assert summary.num_updates == 2 and summary.compute.num_trained_tokens > 0
    files = [path for path in project.folder.rglob("*") if path.is_file() and path.name != ".env"]
    assert KEY not in output
    assert [str(path) for path in files if KEY.encode() in path.read_bytes()] == []
