"""What the configuration means for the DAG."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kbwf import plan, plan_checks
from kbwf.errors import ConfigError
from kbwf.run_settings import RunSettings
from kbwf.settings import BaseSettings, ControlSettings, SamplingSettings, StudySettings, TaskSettings
from tests.builders import PUBLISHED_EVAL_IDS, level_folder_with

RUN = RunSettings(name="a", method="grpo", tasks="study")


def test_subset_chooses_a_side_of_the_split_or_listed_ids() -> None:
    """Task ids have the level and three digits."""
    tasks = TaskSettings(source="huggingface", level=1, subset="eval")
    assert plan.task_ids(tasks) == tuple(f"l1_p{problem_id:03d}" for problem_id in PUBLISHED_EVAL_IDS)
    assert len(plan.task_ids(tasks.model_copy(update={"subset": "train"}))) == 80
    assert len(plan.task_ids(tasks.model_copy(update={"subset": "all"}))) == 100
    assert plan.task_ids(tasks.model_copy(update={"subset": (100, 12)})) == ("l1_p100", "l1_p012")


def test_unknown_id_in_the_subset_is_named() -> None:
    """The message names the id and those there are."""
    with pytest.raises(ConfigError, match=r"names 101, 300, .*it has 1-100"):
        plan.task_ids(TaskSettings(source="huggingface", level=1, subset=(4, 101, 300)))


def test_empty_side_of_the_split_is_a_config_error(tmp_path: Path) -> None:
    """One problem leaves nothing to train on."""
    tasks = level_folder_with(tmp_path, "5_A.py").model_copy(update={"subset": "train"})
    with pytest.raises(ConfigError, match="empty split"):
        plan.task_ids(tasks)
    assert plan.task_ids(tasks.model_copy(update={"subset": "eval"})) == ("l1_p005",)


def test_chunks_cover_the_samples() -> None:
    """Sample 7 of chunks of 4 lies in chunk 1."""
    assert list(plan.chunks(12, 4)) == [0, 1, 2]
    assert [plan.chunk_of(sample_idx, 4) for sample_idx in (0, 3, 4, 7, 11)] == [0, 0, 1, 1, 2]


def test_the_study_s_policies_are_the_base_and_its_control() -> None:
    """The control comes last; with no samples of its own it is left out."""
    planned = plan.policies(StudySettings())
    assert list(planned) == ["base", "identity"]
    assert [policy.backend.name for policy in planned.values()] == ["local", "control"]
    assert planned["base"].is_demo and not planned["identity"].is_demo
    assert list(plan.policies(StudySettings(identity=ControlSettings(num_samples=0)))) == ["base"]
    assert not plan.policies(StudySettings(base=BaseSettings(model="some/model")))["base"].is_demo


def test_the_control_s_sampling_does_not_depend_on_the_study_s() -> None:
    """Its answer is always the same: another temperature or length must not measure it again."""
    sampling = SamplingSettings(temperature=0.5)
    study = StudySettings(identity=ControlSettings(num_samples=8), sampling=sampling)
    control = plan.policies(study)["identity"].sampling
    assert (control.num_samples, control.chunk_size, control.temperature) == (8, 4, 0.0)
    default = plan.policies(StudySettings())["identity"].sampling
    assert control == default.model_copy(update={"num_samples": 8})
    assert plan.policies(study)["base"].sampling == sampling


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tasks": {"source": "huggingface", "level": 1}}, "in style forward_body; tasks.source is 'huggingface'"),
        ({"prompt": {"style": "model_new"}}, "prompt.style 'model_new'. Name a model, or change these two"),
    ],
)
def test_the_demo_policy_knows_the_bundled_tasks_alone(settings: dict, message: str) -> None:
    """Asked only where it takes part; the settings as such are sound."""
    study = StudySettings.model_validate(settings)
    with pytest.raises(ConfigError, match=re.escape(message)):
        plan_checks.require_demo_tasks(study)
    plan_checks.require_demo_tasks(StudySettings())


def test_the_backend_chooses_what_a_policy_is_told() -> None:
    """Where a server is goes apart: no sample depends on it. The demo belongs to the local backend."""
    fields = {"backend": "openai", "base_url": "http://a:1/v1", "model": "m", "logprobs_temperature": "one"}
    here, there = (
        plan.policies(StudySettings(base=BaseSettings.model_validate(fields | {"base_url": url})))["base"]
        for url in ("http://a:1/v1", "https://b:2/v1")
    )
    assert (here.backend.name, here.is_demo) == ("openai", False)
    assert here.settings == there.settings and "http" not in here.settings
    assert "http://a:1/v1" in here.access and here.access != there.access
    local = plan.policies(StudySettings())["base"]
    assert local.access == "{}" and "logprobs" not in local.settings


def test_a_policy_on_a_server_cannot_be_trained() -> None:
    """The message names backend and way out; the local one can."""
    fields = {"backend": "openai", "base_url": "http://a:1/v1", "model": "m", "logprobs_temperature": "one"}
    served = plan.policies(StudySettings(base=BaseSettings.model_validate(fields)))["base"]
    with pytest.raises(
        ConfigError, match="policy base runs on backend 'openai', which cannot be trained; set .*: local or tinker"
    ):
        plan_checks.require_adaptable("base", served, RUN)
    plan_checks.require_adaptable("base", plan.policies(StudySettings())["base"], RUN)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        ({"method": "sdpo-topk"}, "run 'a': method sdpo-topk needs whole distributions, .*'tinker' .*set method: sdpo"),
        ({"method": "grpo", "entropy_coefficient": 0.1}, "entropy_coefficient 0.1 needs .*set entropy_coefficient: 0"),
    ],
)
def test_a_run_that_needs_whole_distributions_stops_where_there_are_none(run: dict[str, Any], message: str) -> None:
    """Before the DAG; on this machine's model it is planned, and so are other methods on the service."""
    on_tinker = {"backend": "tinker", "model": "m", "logprobs_temperature": "one"}
    raw = {"runs": [{"name": "a", "tasks": "study", **run}]}
    with pytest.raises(ConfigError, match=message):
        plan.policies(StudySettings.model_validate(raw | {"base": on_tinker}))
    assert "a_seed0.step1" in plan.policies(StudySettings.model_validate(raw))
    for method in ("grpo", "sdpo", "rlvr"):
        other = {"base": on_tinker, "runs": [{"name": "a", "tasks": "study", "method": method}]}
        assert plan.policies(StudySettings.model_validate(other))["a_seed0.step1"].backend.name == "tinker"


def test_a_run_needs_a_backend_that_can_be_trained() -> None:
    """A study with runs on a server, or on recorded samples, stops before the DAG; without runs it is planned."""
    served = {"backend": "openai", "base_url": "http://a:1/v1", "model": "m", "logprobs_temperature": "one"}
    for base, name in ((served, "openai"), ({"backend": "replay", "path": "a.jsonl"}, "replay")):
        raw = {"base": base, "runs": [{"name": "a", "method": "grpo", "tasks": "study"}]}
        with pytest.raises(
            ConfigError, match=f"backend '{name}', which cannot be trained; set .*: local or tinker, or"
        ):
            plan.policies(StudySettings.model_validate(raw))
        assert list(plan.policies(StudySettings.model_validate(raw | {"runs": []}))) == ["base", "identity"]


def test_a_recording_must_hold_the_whole_study(tmp_path: Path) -> None:
    """What is missing is named before the DAG; a broken line too; another backend has no files."""
    path = tmp_path / "a.jsonl"
    path.write_text('{"task_id": "l0_p001", "sample_idx": 0, "response": "x"}\n')
    sampling = {"num_samples": 1, "chunk_size": 1, "seeds": [0]}
    raw = {"base": {"backend": "replay", "path": str(path)}, "sampling": sampling}
    study = StudySettings.model_validate(raw)
    assert plan_checks.recording_files(study, ("l0_p001",), tmp_path / "own") == [str(path)]
    with pytest.raises(
        ConfigError, match="lacks 1 samples .*first sample 0 of l0_p002, seed 0, of which it has 0; .*l0_p001"
    ):
        plan_checks.recording_files(study, ("l0_p001", "l0_p002"), tmp_path / "own")
    more = StudySettings.model_validate(raw | {"sampling": sampling | {"num_samples": 3}})
    with pytest.raises(ConfigError, match="lacks 2 samples .*first sample 1 of l0_p001, seed 0, of which it has 1"):
        plan_checks.recording_files(more, ("l0_p001",), tmp_path / "own")
    path.write_text("{\n")
    with pytest.raises(ConfigError, match="a.jsonl:1: no JSON"):
        plan_checks.recording_files(study, ("l0_p001",), tmp_path / "own")
    assert plan_checks.recording_files(StudySettings(), ("l0_p001",), tmp_path / "own") == []
    path.write_text("\n")
    with pytest.raises(ConfigError, match="a.jsonl' holds no sample"):
        plan_checks.recording_files(study, ("l0_p001",), tmp_path / "own")


@pytest.mark.parametrize("name", ["own/base/l0_p001/seed0/chunk0.jsonl", "a link.jsonl", "rec{a}.jsonl"])
def test_a_recording_that_would_be_written_over_or_has_braces_is_refused(tmp_path: Path, name: str) -> None:
    """Snakemake removes what a rule is about to write, before the rule reads it; links lead there too."""
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if " link" in name:
        (tmp_path / "own").mkdir()
        path.symlink_to(tmp_path / "own" / "chunk0.jsonl")
    path.write_text('{"task_id": "l0_p001", "sample_idx": 0, "response": "x"}\n')
    sampling = {"num_samples": 1, "chunk_size": 1, "seeds": [0]}
    study = StudySettings.model_validate({"base": {"backend": "replay", "path": str(path)}, "sampling": sampling})
    with pytest.raises(ConfigError, match="has braces" if "{" in name else "would be written over. Copy it elsewhere"):
        plan_checks.recording_files(study, ("l0_p001",), tmp_path / "own")
    assert path.read_text()


def test_plan_imports_neither_torch_nor_a_data_set_library() -> None:
    """Snakemake imports it on every start."""
    code = "import sys, kbwf.plan; print(sorted({'torch', 'datasets', 'numpy', 'yaml'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def study_with(*runs: dict, **sampling: object) -> StudySettings:
    """A study of two bundled tasks with these runs."""
    given = {
        "tasks": {"subset": [13, 1]},
        "sampling": sampling,
        "runs": [{"name": "a", "method": "grpo", **run} for run in runs],
    }
    return StudySettings.model_validate(given)


def test_a_run_is_a_trajectory_for_every_seed() -> None:
    """Step 0 is the base policy; the policies are named after run, seed and step."""
    study = study_with({"tasks": "study", "seeds": [0, 3], "num_steps": 2})
    planned = plan.runs(study)
    assert list(planned) == ["a_seed0", "a_seed3"]
    assert [planned["a_seed3"].policy_at(step) for step in range(3)] == ["base", "a_seed3.step1", "a_seed3.step2"]
    assert planned["a_seed0"].task_ids == ("l0_p013", "l0_p001")
    assert list(plan.policies(study)) == [
        "base", "identity", "a_seed0.step1", "a_seed0.step2", "a_seed3.step1", "a_seed3.step2",
    ]  # fmt: skip
    assert list(plan.compared_policies(study)) == ["base", "identity"]
    run, step = plan.adapted_policies(study)["a_seed3.step2"]
    assert (run.seed, step) == (3, 2)


def test_each_task_can_have_a_run_of_its_own() -> None:
    """Named after the task."""
    planned = plan.runs(study_with({"tasks": "each"}))
    assert {run_id: run.task_ids for run_id, run in planned.items()} == {
        "a_l0_p013_seed0": ("l0_p013",),
        "a_l0_p001_seed0": ("l0_p001",),
    }


def test_unknown_ids_of_a_run_are_named_with_the_run() -> None:
    """Those it learns from, and those it is transferred to."""
    for key in ("tasks", "transfer_to"):
        with pytest.raises(ConfigError, match=f"run 'a': its key {key} names 77, .*it has 1-16"):
            plan.runs(study_with({"tasks": "study", key: [1, 77]}))


def test_rollouts_at_another_temperature_begin_with_a_base_policy_of_their_own() -> None:
    """It is sampled as the run is; one at the study's own temperature shares the base policy's samples."""
    study = study_with(
        {"tasks": "study", "temperature": 0.5}, {"name": "b", "tasks": "study", "temperature": 1.0}, temperature=1.0
    )
    planned = plan.runs(study)
    assert [planned["a_seed0"].start, planned["b_seed0"].start] == ["base_t0.5_max1024", "base"]
    policies = plan.policies(study)
    assert policies["base_t0.5_max1024"].sampling.temperature == policies["a_seed0.step1"].sampling.temperature == 0.5
    assert policies["base"].sampling.temperature == 1.0
    assert policies["base_t0.5_max1024"].is_demo and not policies["a_seed0.step1"].is_demo


def test_an_outer_loop_takes_every_task_once_a_round() -> None:
    """Twelve tasks in batches of four: three batches make a round, and another seed another order."""
    study = StudySettings.model_validate(
        {"runs": [{"name": "r", "method": "rlvr", "tasks": "train", "tasks_per_step": 4, "seeds": [0, 1]}]}
    )
    run, other = plan.runs(study).values()
    assert len(run.task_ids) == 12
    first_round = [run.tasks_of_update(step) for step in (1, 2, 3)]
    assert sorted(task_id for batch in first_round for task_id in batch) == sorted(run.task_ids)
    assert [run.tasks_of_update(step) for step in (4, 5, 6)] != first_round
    assert [other.tasks_of_update(step) for step in (1, 2, 3)] != first_round
    assert run.tasks_of_update(1) == plan.runs(study)["r_seed0"].tasks_of_update(1)


def test_a_batch_across_two_rounds_has_no_task_twice() -> None:
    """Twelve tasks in batches of five."""
    settings = {"name": "r", "method": "rlvr", "tasks": "train", "tasks_per_step": 5}
    (run,) = plan.runs(StudySettings(runs=(RunSettings.model_validate(settings),))).values()
    assert all(len(set(run.tasks_of_update(step))) == 5 for step in range(1, 20))


def test_an_outer_loop_is_judged_on_the_study_s_tasks_unless_it_is_told_otherwise() -> None:
    """A run that learns from the tasks themselves is judged on those, and transferred only where asked."""
    planned = plan.runs(
        study_with(
            {"tasks": "train", "method": "rlvr"},
            {"name": "b", "tasks": [2]},
            {"name": "c", "tasks": [2], "transfer_to": [5]},
        )
    )
    assert [run.transfer_ids for run in planned.values()] == [("l0_p013", "l0_p001"), (), ("l0_p005",)]
