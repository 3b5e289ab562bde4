"""What the configuration means for the DAG."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from kbwf import plan
from kbwf.errors import ConfigError
from kbwf.settings import BaseSettings, ControlSettings, SamplingSettings, StudySettings, TaskSettings
from tests.builders import PUBLISHED_EVAL_IDS, level_folder_with


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
    sampling = SamplingSettings(num_samples=12, chunk_size=4)
    assert list(plan.chunks(sampling)) == [0, 1, 2]
    assert list(plan.sample_indices(sampling)) == list(range(12))
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
        plan.require_demo_tasks(study)
    plan.require_demo_tasks(StudySettings())


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
        ConfigError, match="policy base runs on backend 'openai', which cannot be trained; set .*: local"
    ):
        plan.require_adaptable("base", served)
    plan.require_adaptable("base", plan.policies(StudySettings())["base"])


def test_a_recording_must_hold_the_whole_study(tmp_path: Path) -> None:
    """What is missing is named before the DAG; a broken line too; another backend has no files."""
    path = tmp_path / "a.jsonl"
    path.write_text('{"task_id": "l0_p001", "sample_idx": 0, "response": "x"}\n')
    sampling = {"num_samples": 1, "chunk_size": 1, "seeds": [0]}
    raw = {"base": {"backend": "replay", "path": str(path)}, "sampling": sampling}
    study = StudySettings.model_validate(raw)
    assert plan.recording_files(study, ("l0_p001",)) == [str(path)]
    with pytest.raises(
        ConfigError, match="lacks 1 samples .*first sample 0 of l0_p002, seed 0, of which it has 0; .*l0_p001"
    ):
        plan.recording_files(study, ("l0_p001", "l0_p002"))
    more = StudySettings.model_validate(raw | {"sampling": sampling | {"num_samples": 3}})
    with pytest.raises(ConfigError, match="lacks 2 samples .*first sample 1 of l0_p001, seed 0, of which it has 1"):
        plan.recording_files(more, ("l0_p001",))
    path.write_text("{\n")
    with pytest.raises(ConfigError, match="a.jsonl:1: no JSON"):
        plan.recording_files(study, ("l0_p001",))
    assert plan.recording_files(StudySettings(), ("l0_p001",)) == []


def test_plan_imports_neither_torch_nor_a_data_set_library() -> None:
    """Snakemake imports it on every start."""
    code = "import sys, kbwf.plan; print(sorted({'torch', 'datasets', 'numpy', 'yaml'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
