"""Tokens a second of a model with random weights, as large as one that a user has: the figures of README and docs.

    python -m tests.policies.throughput_figures FOLDER                    # 0.6 billion parameters, on a GPU: 7 minutes
    python -m tests.policies.throughput_figures FOLDER --layers 2 --width 64 --vocabulary 1000   # a trial on the CPU

Rollouts of five bundled tasks are drawn in one batch and, in the same run, some of them one by one; then a study with
an adaptation of two steps goes through the rules, and its records say what that took. The answers are no kernels, so
that the adaptation is a self-distillation, which learns from what the judge said. Nothing here is a test: a figure is
read by a person.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

from kbwf.policies.local import LocalPolicy
from kbwf.settings import TaskSettings
from kbwf.tasks.prompts import build_messages
from kbwf.tasks.sources import load_task
from tests.policies.conftest import CHAT_TEMPLATE

TASKS = [1, 2, 3, 4, 5]
STUDY = """
tasks: {{subset: {tasks}}}
base: {{model: {model}}}
sampling: {{num_samples: {rollouts}, chunk_size: {rollouts}, seeds: [0], max_tokens: {tokens}}}
identity: {{num_samples: 4}}
evaluation: {{mode: fast, num_identity_pairs: 1}}
selection: {{num_confirmations: 0}}
report: {{num_resamples: 100}}
runs: [{{name: sdpo, method: sdpo, tasks: study, num_steps: 2, rollouts_per_task: {rollouts}}}]
"""


def save_model(folder: Path, options: argparse.Namespace) -> None:
    """A Qwen3 whose words are numbers; the prompt's are all unknown ones."""
    words = {"<unk>": 0, "<end>": 1, "<pad>": 2} | {f"w{number}": number for number in range(3, options.vocabulary)}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>", pad_token="<pad>", unk_token="<unk>")
    fast.chat_template = CHAT_TEMPLATE
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    heads = options.width // 64
    config = Qwen3Config(
        vocab_size=options.vocabulary, hidden_size=options.width, intermediate_size=3 * options.width,
        num_hidden_layers=options.layers, num_attention_heads=heads, num_key_value_heads=max(1, heads // 2),
        head_dim=128, max_position_embeddings=8192, tie_word_embeddings=True, eos_token_id=1, pad_token_id=2,
        bos_token_id=None,
    )  # fmt: skip
    model = Qwen3ForCausalLM(config).to(torch.bfloat16)
    model.save_pretrained(folder)
    sys.stdout.write(f"{model.num_parameters() / 1e9:.2f} billion parameters\n")


def sampling(folder: Path, options: argparse.Namespace) -> dict[str, float]:
    """Response tokens a second in one batch, and one by one."""
    policy = LocalPolicy(str(folder))
    tasks = [load_task(TaskSettings(), number) for number in TASKS]
    prompts = [(task, build_messages(task, "forward_body"), options.rollouts, 7) for task in tasks]

    def rate(requests: list[tuple[Any, Any, int, int]], step: int) -> float:
        started_s = time.monotonic()
        drawn = [
            policy.sample_many(requests[at : at + step], 1.0, options.tokens) for at in range(0, len(requests), step)
        ]
        took_s = time.monotonic() - started_s
        return sum(len(draw.token_ids_T) for some in drawn for draws in some for draw in draws) / took_s

    singles = [(task, messages, 1, 7) for task, messages, _, _ in prompts]
    rate(singles[:1], 1)  # what is made once
    one_by_one = rate(singles, 1)
    rate(prompts, len(prompts))
    together = rate(prompts, len(prompts))
    peak_gb = torch.cuda.max_memory_allocated() / 1e9 if torch.cuda.is_available() else 0.0
    policy.release()
    return {
        "one by one, tokens/s": one_by_one, "one batch, tokens/s": together, "gain": together / one_by_one,
        "sampling, peak GB": peak_gb,
    }  # fmt: skip


def study(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Through the rules; what its records say."""
    text = STUDY.format(tasks=TASKS, model=folder / "model", rollouts=options.rollouts, tokens=options.tokens)
    (folder / "study.yaml").write_text(text)
    started_s = time.monotonic()
    command = [sys.executable, "-m", "snakemake", "--cores", "all", "--resources", "gpu=1"]
    command += ["--configfile", str(folder / "study.yaml"), *options.snakemake]
    subprocess.run(command, check=True)
    found: dict[str, Any] = {"study, s": time.monotonic() - started_s}
    for path in sorted(Path("results/policies").glob("*/update.json")):
        update = json.loads(path.read_text())
        found[update["policy_id"]] = {
            key: value for key, value in update.items() if key.endswith(("_s", "tokens", "batches"))
        }
    for path in Path("results/runs").glob("*/summary.json"):
        found["compute"] = json.loads(path.read_text())["compute"]
    return found


def main() -> None:
    """Make the model, measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--layers", type=int, default=28)
    parser.add_argument("--width", type=int, default=1024)
    parser.add_argument("--vocabulary", type=int, default=151_936)
    parser.add_argument("--rollouts", type=int, default=32)
    parser.add_argument("--tokens", type=int, default=256)
    parser.add_argument("--snakemake", nargs="*", default=[], help="further arguments of the study")
    options = parser.parse_args()
    save_model(options.folder / "model", options)
    for part, folder in ((sampling, options.folder / "model"), (study, options.folder.resolve())):
        sys.stdout.write(json.dumps(part(folder, options), indent=1) + "\n")  # as it comes: a study takes minutes
        sys.stdout.flush()


if __name__ == "__main__":
    main()
