"""The verbs behind the rules of runs: update a policy, probe it, choose a step, sum up."""

import argparse
import json
from collections.abc import Callable
from typing import Any

from kbwf.credentials import credentials_of, read_dotenv


def add_verbs(verb: Callable[..., argparse.ArgumentParser]) -> None:
    """Add them to the command line."""
    adapt = verb("adapt", _adapt, "update a policy: one step of a run")
    adapt.add_argument("policy", help="policy id of the step that is made")
    adapt.add_argument("--run-id", required=True)
    adapt.add_argument("--seed", type=int, required=True)
    adapt.add_argument("--step", type=int, required=True)
    adapt.add_argument("--run-settings", required=True, help="the run's settings that an update reads, as JSON")
    adapt.add_argument("--parent", required=True, help="checkpoint.json of the step before")
    probe = verb("probe", _probe, "let a policy score samples that another drew")
    probe.add_argument("policy", help="checkpoint.json of the policy that scores")
    for command in (adapt, probe):
        command.add_argument("--settings", default="{}", help="what the policy's backend is told, as JSON")
        command.add_argument("--access", default="{}", help="more of the same, on which no result depends")
        command.add_argument("--prompt", default="{}", help="config block prompt as JSON")
        command.add_argument("--tasks", nargs="+", required=True)
        command.add_argument("--scored", nargs="+", required=True)
    checkpoint = verb("checkpoint", _checkpoint, "choose a step of a run")
    checkpoint.add_argument("run_id", help="run id")
    checkpoint.add_argument("--policies", nargs="+", required=True, help="policy ids of steps 0, 1, 2 and so on")
    checkpoint.add_argument("--scored", nargs="+", required=True)
    checkpoint.add_argument("--guardrail", default="{}", help="the run's guardrail as JSON")
    checkpoint.add_argument("--patience", type=int, default=1)
    summary = verb("summary", _summary, "say what a run came to and what it cost")
    summary.add_argument("run_id", help="run id")
    summary.add_argument("name", help="of the run in the configuration")
    summary.add_argument("--updates", nargs="+", required=True)
    summary.add_argument("--rollouts", nargs="+", required=True)
    summary.add_argument("--trajectory", nargs="*", default=[], help="the run's choice, if a step is chosen")
    summary.add_argument("--fresh", nargs="*", default=[])
    summary.add_argument("--transfer", nargs="*", default=[])
    for command in (adapt, probe, checkpoint, summary):
        command.add_argument("--output", required=True)


def _adapt(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.run_settings import RunSettings
    from kbwf.settings import PromptSettings
    from kbwf.stages.adapt_policy import Step, adapt_policy

    this = Step(options.policy, options.run_id, options.seed, options.step)
    tasks, scored = ([Path(path) for path in getattr(options, name)] for name in ("tasks", "scored"))
    prompt, base = PromptSettings.model_validate_json(options.prompt), _told(options, Path(options.parent))
    run = RunSettings.from_update_param(options.run_settings)
    return adapt_policy(this, run, base, prompt, Path(options.parent), tasks, scored, Path(options.output))


def _probe(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.settings import PromptSettings
    from kbwf.stages.probe_policy import probe_policy

    tasks, scored = ([Path(path) for path in getattr(options, name)] for name in ("tasks", "scored"))
    prompt, base = PromptSettings.model_validate_json(options.prompt), _told(options, Path(options.policy))
    return probe_policy(Path(options.policy), base, prompt, tasks, scored, Path(options.output))


def _checkpoint(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.run_settings import GuardrailSettings
    from kbwf.stages.select_checkpoint import select_checkpoint

    scored, output = [Path(path) for path in options.scored], Path(options.output)
    guardrail = GuardrailSettings.model_validate_json(options.guardrail)
    return select_checkpoint(options.run_id, options.policies, scored, guardrail, options.patience, output)


def _summary(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.stages.summarize_run import summarize_run

    updates, rollouts, trajectory, fresh, transfer = (
        [Path(path) for path in getattr(options, name)]
        for name in ("updates", "rollouts", "trajectory", "fresh", "transfer")
    )
    chosen = trajectory[0] if trajectory else None
    return summarize_run(options.run_id, options.name, updates, rollouts, chosen, fresh, transfer, Path(options.output))


def _told(options: argparse.Namespace, checkpoint: Any) -> dict[str, Any]:
    """What the backend of a checkpoint is told; its credentials are then where it looks for them."""
    from kbwf.records import Checkpoint
    from kbwf.store import read_record

    read_dotenv(credentials_of(read_record(checkpoint, Checkpoint).backend))
    return {**json.loads(options.settings), **json.loads(options.access)}
