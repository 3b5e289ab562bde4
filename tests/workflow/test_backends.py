"""Studies on a server and on recorded samples, through Snakemake; and that every study's DAG can be built."""

import json

import pytest

from kbwf.records import Sample, ScoredSample
from kbwf.store import read_records
from tests.policies.fake_server import MODEL, Reply, chat_answer, models_answer, serving
from tests.workflow.conftest import REPOSITORY, Project

KEY = "sk-planted-5f0c9d"
SERVED_STUDY = """
tasks: {{subset: [1]}}
base: {{backend: openai, base_url: "{url}", model: some/model, logprobs_temperature: one, deadline_s: 60}}
sampling: {{num_samples: 4, chunk_size: 2, seeds: [0], temperature: 0.5, max_tokens: 24}}
identity: {{num_samples: 0}}
evaluation: {{mode: fast, num_identity_pairs: 2}}
report: {{num_resamples: 200}}
runs: []
"""


LARGE = "kernelbench-adaptation.yaml", "paper-local.yaml", "paper-tinker-rlvr.yaml", "paper-tinker.yaml"
"""Their DAGs take half a minute and more to build."""
NAMES = [path.name for path in sorted((REPOSITORY / "workflow/studies").glob("*.yaml"))]


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.studies) if name in LARGE else name for name in NAMES]
)
def test_every_study_of_the_repository_can_be_planned(project: Project, name: str) -> None:
    """A dry run as its comment says, of one of its tasks; without network, server or GPU."""
    project.study("one_task.yaml", "tasks: {subset: [1]}")
    planned = project.planned(studies=(f"workflow/studies/{name}", "one_task.yaml"))
    assert planned["sample_chunk"] >= 1
    assert planned["make_report"] == planned["write_best"] == 1


@pytest.mark.studies
@pytest.mark.parametrize(
    ("name", "run", "num_rollouts"),
    [
        ("paper-local", "sdpo_seed42", 160),
        ("paper-tinker", "sdpo_seed42", 160),
        ("paper-tinker-rlvr", "rlvr_seed42", 64),
    ],
)
def test_an_update_of_the_paper_s_studies_can_be_planned(
    project: Project, name: str, run: str, num_rollouts: int
) -> None:
    """What the first step of one run needs, of a DAG that is large as a whole."""
    target = f"results/policies/{run}.step1/checkpoint.json"
    planned = project.planned(target, studies=(f"workflow/studies/{name}.yaml",))
    assert planned["adapt_policy"] == planned["describe_policy"] == 1
    assert planned["evaluate_kernel"] == num_rollouts


def test_a_study_may_leave_the_control_out(project: Project) -> None:
    """Its other samples are planned; the control's own target says what is missing."""
    project.study("alone.yaml", "identity: {num_samples: 0}\nruns: []")
    studies = ("tiny.yaml", "alone.yaml")
    assert project.planned(studies=studies)["evaluate_kernel"] == 8
    code, output = project.run("identity_control", "--dry-run", studies=studies)
    assert code != 0
    assert "identity.num_samples is 0: there is no control to measure; set 4" in output


@pytest.mark.studies
def test_a_study_on_a_server_leaves_the_key_nowhere(project: Project) -> None:
    """From `.env` to the server's ears; no file of the run holds it, and a server that moves is asked nothing again."""
    (project.folder / ".env").write_text(f"OPENAI_API_KEY={KEY}\n")

    def answer(path, body, number):
        if path.endswith("/models"):
            return Reply(models_answer(MODEL))
        return Reply(chat_answer("return d[:, None] * A", (-0.25, -0.75)))

    with serving(answer) as fake:
        project.study("served.yaml", SERVED_STUDY.format(url=fake.url))
        code, output = project.run("results/selections/base/surprisal/seed0.jsonl", studies=("served.yaml",))
    assert code == 0, output[-4000:]
    assert [headers["Authorization"] for _, _, headers in fake.requests] == [f"Bearer {KEY}"] * 5
    assert KEY not in output
    files = [path for path in project.folder.rglob("*") if path.is_file() and path.name != ".env"]
    assert len(files) > 100
    assert [str(path) for path in files if KEY.encode() in path.read_bytes()] == []
    scored = read_records(project.folder / "results/scored/base/l0_p001/seed0/first4.jsonl", ScoredSample)
    assert [(one.sample.sample_idx, one.sample.nll_mean_nats) for one in scored] == [(idx, 0.5) for idx in range(4)]
    project.study("served.yaml", SERVED_STUDY.format(url="http://moved:1/v1"))
    again = project.planned("--nocolor", "results/selections/base/surprisal/seed0.jsonl", studies=("served.yaml",))
    assert again == {}


REFUSED_STUDY = """
tasks: {source: directory, level: 1, path: problems}
base: {backend: replay, path: recorded.jsonl}
prompt: {style: forward_body}
sampling: {num_samples: 2, chunk_size: 2, seeds: [0]}
identity: {num_samples: 0}
evaluation: {mode: fast, num_identity_pairs: 1}
selection: {strategies: [oracle], num_confirmations: 1}
report: {num_resamples: 200}
runs: []
"""
PROBLEM = """import torch

class Model(torch.nn.Module):
    def forward(self, x):
        return FORWARD

def get_inputs():
    return [torch.rand(512, 512)]

def get_init_inputs():
    return []
"""


@pytest.mark.studies
def test_a_task_that_cannot_be_judged_is_a_row_of_a_study_that_is_finished(project: Project) -> None:
    """One of three draws at random, one is no Python: found before anything is sampled, tried once, and named."""
    (project.folder / "problems/level1").mkdir(parents=True)
    for name, forward in (("1_Softmax", "torch.softmax(x, dim=1)"), ("2_Noise", "x + torch.rand_like(x)")):
        (project.folder / f"problems/level1/{name}.py").write_text(PROBLEM.replace("FORWARD", forward))
    (project.folder / "problems/level1/3_Broken.py").write_text("import torch\nx = (\n")
    lines = [
        json.dumps({"task_id": f"l1_p00{task}", "seed": 0, "sample_idx": idx, "response": "return x.softmax(dim=1)"})
        for task in (1, 2, 3)
        for idx in range(2)
    ]
    (project.folder / "recorded.jsonl").write_text("\n".join(lines) + "\n")
    project.study("refused.yaml", REFUSED_STUDY)
    code, output = project.run(studies=("refused.yaml",))
    assert code == 0, output[-4000:]
    results = project.folder / "results"
    refusal = (results / "calibrations/l1_p002.refusal.txt").read_text()
    assert "give different outputs" in refusal
    assert (results / "calibrations/l1_p001.refusal.txt").read_text() == ""
    drawn = read_records(results / "samples/base/l1_p002/seed0/chunk0.jsonl", Sample)
    assert [(one.response, one.refusal) for one in drawn] == [("", refusal)] * 2
    scored = read_records(results / "scored/base/l1_p002/seed0/first2.jsonl", ScoredSample)
    assert {one.evaluation.status for one in scored} == {"task_refused"}
    summary = (results / "report/summary.md").read_text()
    assert "2 of 3 tasks cannot be judged on this machine (l1_p002, l1_p003;" in summary
    assert "Policy `base`: 2 of 2 samples are correct, in 1 of 1 tasks." in summary
    tasks = (results / "report/tasks.md").read_text()
    assert "l1_p002 cannot be judged: two calls" in tasks
    assert "is no Python source" in tasks
    best = (results / "best/index.csv").read_text()
    assert "the task cannot be judged on this machine" in best
    assert (results / "best/l1_p001_Softmax.py").is_file()
    assert "Trying to restart" not in output


@pytest.mark.parametrize("is_run", [False, pytest.param(True, marks=pytest.mark.studies)], ids=["planned", "run"])
def test_the_control_of_problems_in_a_folder_needs_no_model(project: Project, is_run: bool) -> None:
    """With `base.model` as it is by default, which knows the bundled tasks alone; planned, or run."""
    (project.folder / "problems/level1").mkdir(parents=True)
    (project.folder / "problems/level1/1_Softmax.py").write_text(PROBLEM.replace("FORWARD", "torch.softmax(x, dim=1)"))
    project.study(
        "control.yaml", "tasks: {source: directory, level: 1, path: problems}\nruns: []\nsampling: {seeds: [0]}"
    )
    studies = ("control.yaml",)
    if not is_run:
        planned = project.planned("identity_control", studies=studies)
        assert planned == {
            "freeze_task": 1, "calibrate_task": 1, "describe_policy": 1, "sample_chunk": 1, "evaluate_kernel": 4,
            "score_samples": 1, "identity_control": 1,
        }  # fmt: skip
        return
    code, output = project.run("identity_control", studies=studies)
    assert code == 0, output[-3000:]
    (path,) = (project.folder / "results/scored/identity/l1_p001/seed0").iterdir()
    assert len(read_records(path, ScoredSample)) == 4


@pytest.mark.studies
def test_recorded_samples_are_judged_and_an_edit_is_noticed(project: Project) -> None:
    """The example study's samples become records; another response in the file is judged anew."""
    project.study("untried.yaml", "evaluation: {num_identity_pairs: 0}")
    studies = ("workflow/studies/replay.yaml", "untried.yaml")
    target = "results/samples/base/l0_p003/seed0/chunk0.jsonl"
    code, output = project.run(target, studies=studies)
    assert code == 0, output[-4000:]
    samples = read_records(project.folder / target, Sample)
    assert [sample.response for sample in samples][:2] == ["return (A @ B).sum(dim=1)", "return A @ B.sum(dim=1)"]
    assert [sample.nll_mean_nats for sample in samples] == [0.25, 1.0, 0.75, 0.5]
    assert project.planned("--nocolor", target, studies=studies) == {}
    project.edit("workflow/studies/replay.jsonl", "return A @ B.sum(dim=1)", "return A @ torch.sum(B, dim=1)")
    assert project.planned("--nocolor", target, studies=studies) == {"describe_policy": 1, "sample_chunk": 1}
