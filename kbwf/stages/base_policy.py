"""Starting policies: the demo policy is trained here, the base policy and the identity control are described."""

from collections import Counter
from pathlib import Path

from kbwf.backends.demo_policy import Example, train_demo_policy
from kbwf.backends.local import check_model
from kbwf.config import Base, Demo, Prompt, Tasks
from kbwf.errors import PolicyError
from kbwf.records import Checkpoint
from kbwf.tasks.prompts import build_messages
from kbwf.tasks.sources import load_task
from kbwf.tasks.suite import FormulationKind, load_suite

KIND_SHARES: dict[FormulationKind, float] = {
    "plain": 0.68,
    "fast": 0.10,
    "slow": 0.07,
    "wrong": 0.10,
    "crashing": 0.05,
}
"""How common each kind of formulation is in the demo policy's corpus, for a task that has all of them."""


def make_demo_policy(demo: Demo, tasks: Tasks, folder: Path) -> None:
    """Train the demo policy on every bundled problem and write it to `folder`.

    Raises:
        TaskError: a bundled problem is missing or malformed.
    """
    corpus = demo_corpus(tasks)
    train_demo_policy(corpus, folder, demo.seed, demo.num_steps, demo.batch_size, demo.num_threads)


def demo_corpus(tasks: Tasks) -> list[Example]:
    """Every formulation of every bundled problem, under the prompt that the problem will be sampled with.

    The weights of one problem add up to 1, so that all problems count alike. Kinds that a problem lacks leave their
    share to the others.
    """
    corpus: list[Example] = []
    for problem_id, entry in load_suite().items():
        messages = build_messages(load_task(tasks, problem_id), "forward_body")
        num_of_kind = Counter(formulation.kind for formulation in entry.formulations)
        total_share = sum(KIND_SHARES[kind] for kind in num_of_kind)
        corpus += [
            (messages, formulation.body, KIND_SHARES[formulation.kind] / num_of_kind[formulation.kind] / total_share)
            for formulation in entry.formulations
        ]
    return corpus


def describe_policy(policy_id: str, base: Base, prompt: Prompt, demo_folder: Path | None) -> Checkpoint:
    """Checkpoint of a policy that nothing has been trained into: `base` or `identity`.

    The base model's configuration, tokenizer and chat template are loaded, so that a bad one stops the study here.

    Args:
        demo_folder: where the demo policy lies; needed when `base.model` is `demo`.

    Raises:
        PolicyError: the model is missing, damaged, or has no chat template; an unknown policy id.
    """
    if policy_id == "identity":
        return Checkpoint(policy_id=policy_id, backend="identity", step=0, base_model=None, revision=None)
    if policy_id != "base":
        raise PolicyError(f"policy {policy_id!r} is not described here; base and identity are")
    if base.model == "demo" and demo_folder is None:
        raise PolicyError("base.model is demo, but no folder of a trained demo policy was given; train it first")
    base_model = str(demo_folder) if base.model == "demo" else base.model
    if base.revision is not None and Path(base_model).expanduser().is_dir():
        raise PolicyError(
            f"base.revision {base.revision!r} goes with a Hugging Face name, but base.model {base.model!r} is a folder;"
            " remove it"
        )
    revision = check_model(base_model, base.revision, prompt.chat_template)
    return Checkpoint(policy_id=policy_id, backend="local", step=0, base_model=base_model, revision=revision)
