"""Train the demo policy on the bundled suite."""

from collections import Counter
from pathlib import Path

from kbwf.policies.demo import Example, train_demo_policy
from kbwf.sandbox.cores import require_cores
from kbwf.settings import DemoSettings, TaskSettings
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


def make_demo_policy(demo: DemoSettings, tasks: TaskSettings, folder: Path) -> str:
    """Train the demo policy on every bundled problem and write it to `folder`; returns a line for the log.

    Raises:
        ConfigError: more threads are asked for than there are cores.
        TaskError: a bundled problem is missing or malformed.
    """
    corpus = demo_corpus(tasks)
    require_cores(demo.num_threads, "demo.num_threads")
    train_demo_policy(corpus, folder, demo.seed, demo.num_steps, demo.batch_size, demo.num_threads)
    return f"demo policy in {folder}"


def demo_corpus(tasks: TaskSettings) -> list[Example]:
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
