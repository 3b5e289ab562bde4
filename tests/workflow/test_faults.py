"""Runs that must not start."""

import pytest

from tests.workflow.conftest import Project

_BAD = {
    "key": (
        "sampling: {num_sample: 4}",
        "\nbad.yaml: the configuration is not valid\n  sampling.num_sample: unknown key",
    ),
    "task": ("tasks: {subset: [1, 77]}", "77"),
    "model": ("base: {model: ./no/such/folder}", "is no folder"),
    "run": ("runs: [{name: a, method: grpo, tasks: [1, 77]}]", "run 'a': its key tasks names 77"),
    "type": ("sampling: {num_samples: many}", "sampling.num_samples: Input should be a valid integer"),
    "key_twice": (
        "report: {num_resamples: 100}\nreport: {bootstrap_seed: 1}",
        "bad.yaml gives the key 'report' (line 2) twice",
    ),
    "chunk": ("sampling: {num_samples: 5}", "must be a multiple of chunk_size (2), got 5; use 4 or 6"),
    "empty": ("tasks: {subset: []}", "empty list"),
    "directory": (
        "tasks: {source: directory, level: 1, path: ./nowhere}\nbase: {model: some/name}",
        "nowhere",
    ),
    "identity": ("identity: {num_samples: 3}", "multiple of 4, got 3"),
    "best": ("selection: {best: random}", "must be one of selection.strategies"),
    "backend": (
        "base: {backend: openai, base_url: 'http://a:1/v1', model: m, logprobs_temperature: one}",
        "backend 'openai', which cannot be trained",
    ),
}
_BY_SNAKEMAKE = ("key", "task", "model", "run")
"""One of each place that finds something: the settings, the plan, a folder, a run. The others' messages have tests
where they are made, and go through Snakemake with the whole studies."""


@pytest.mark.parametrize(
    "name",
    [name if name in _BY_SNAKEMAKE else pytest.param(name, marks=pytest.mark.studies) for name in _BAD],
)
def test_a_bad_configuration_stops_before_the_dag(project: Project, name: str) -> None:
    """The message names key and value, there is no traceback, and what was computed is left alone."""
    study, message = _BAD[name]
    project.study("bad.yaml", study)
    computed = project.folder / "results/evals/base/l0_p001/seed0/0.json"
    computed.parent.mkdir(parents=True)
    computed.write_text("{}")
    code, output = project.run(studies=("tiny.yaml", "bad.yaml"))
    assert code != 0
    assert message in output
    assert "Traceback" not in output
    assert [path for path in (project.folder / "results").rglob("*") if path.is_file()] == [computed]


def test_a_results_folder_that_cannot_be_written_to_stops_the_run_before_its_first_job(project: Project) -> None:
    """Here it is a file; a full disk or another user's folder is told in the same sentence."""
    (project.folder / "results").write_text("in the way")
    code, output = project.run("results/tasks/l0_p001.json")
    assert code != 0
    assert "results cannot be written to (File exists); free space, make it a folder of your own" in output
    assert "Traceback" not in output
    assert not (project.folder / "results/logs").exists()


def test_an_empty_side_of_the_split_stops_before_the_dag(project: Project) -> None:
    """One problem leaves nothing to train on."""
    folder = project.folder / "problems/level1"
    folder.mkdir(parents=True)
    (folder / "1_Only.py").write_text("")
    project.study("one.yaml", "tasks: {source: directory, level: 1, path: problems, subset: train}\nbase: {model: a/b}")
    code, output = project.run("--dry-run", studies=("one.yaml",))
    assert code != 0
    assert "train" in output
    assert "Traceback" not in output


def test_a_model_without_a_chat_template_stops_before_sampling(project: Project) -> None:
    """describe_policy fails with the way out; the control's results are made all the same."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.WordLevel({"a": 0, "b": 1, "<eos>": 2}, unk_token="a"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    folder = project.folder / "model"
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<eos>").save_pretrained(folder)
    config = LlamaConfig(vocab_size=3, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1)
    LlamaForCausalLM(config).save_pretrained(folder)
    project.study("model.yaml", "base: {model: ./model}")
    code, output = project.run("results/policies/base/checkpoint.json", studies=("tiny.yaml", "model.yaml"))
    assert code != 0
    assert "has no chat template" in output
    assert "chat_template: plain" in output
    assert not (project.folder / "results/samples").exists()
