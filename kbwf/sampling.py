"""The verbs that need a policy: the demo's is trained, one is described, and asked for samples.

Samples of a model that is loaded here are asked of one warm process, so that it stays there between them.
"""

import argparse
import json
import os
from collections.abc import Callable

from kbwf.credentials import credentials_of, read_dotenv
from kbwf.job import begin_work, owner


def add_verbs(verb: Callable[..., argparse.ArgumentParser]) -> None:
    """Add them to the command line."""
    demo = verb("demo-policy", _demo_policy, "train the demo policy on the bundled suite")
    demo.add_argument("demo", help="config block demo as JSON; {} takes the defaults")
    policy = verb("policy", _policy, "check a policy's model and describe it as a checkpoint")
    policy.add_argument("policy", help="policy id, such as base")
    policy.add_argument("backend", help="where it runs, such as local")
    policy.add_argument("settings", help="what the backend is told, as JSON (for local: config block base)")
    policy.add_argument("prompt", help="config block prompt as JSON")
    policy.add_argument("demo_folder", nargs="?", help="the trained demo policy, if base.model is demo")
    sample = verb("sample", _sample, "draw one chunk of samples from a policy for a task", is_client=True)
    sample.add_argument("policy", help="checkpoint.json of the policy")
    sample.add_argument("task", help="record of the task")
    sample.add_argument("--refusal", help="text file that says why the task cannot be judged; empty if it can")
    sample.add_argument("--seed", type=int, required=True)
    sample.add_argument("--chunk", type=int, required=True)
    sample.add_argument("--draw", required=True, help="chunk_size, temperature and max_tokens as JSON")
    sample.add_argument("--backend", default="local", help="where the policy runs: a name of kbwf/policies/table.py")
    sample.add_argument("--settings", default="{}", help="what the policy's backend is told, as JSON")
    sample.add_argument("--prompt", default="{}", help="config block prompt as JSON")
    sample.add_argument("--credentials", nargs="*", default=[], help="environment variables that the backend is given")
    sample.add_argument("--gpus", type=int, default=1, help="how many it needs; 0 for a policy that runs elsewhere")
    sample.add_argument("--code", default="", help="digest of the code a warm process must run")
    for command in (policy, sample):
        command.add_argument("--access", default="{}", help="more of the same, on which no sample depends")
    for command in (demo, policy, sample):
        command.add_argument("--output", required=True)


def serve_sampler(socket: str, owner: str) -> None:
    """Be the warm process behind `sample`, until nobody asks any more or the owner is gone."""
    from kbwf.stages.sample_chunk import SampleHandler
    from kbwf.warm.server import serve

    serve(SampleHandler().handle, socket, owner)


def _demo_policy(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.settings import DemoSettings, TaskSettings
    from kbwf.stages.train_demo_policy import make_demo_policy

    return make_demo_policy(DemoSettings.model_validate_json(options.demo), TaskSettings(), Path(options.output))


def _policy(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.settings import PromptSettings
    from kbwf.stages.describe_policy import describe_policy

    demo = Path(options.demo_folder) if options.demo_folder else None
    read_dotenv(credentials_of(options.backend))
    prompt = PromptSettings.model_validate_json(options.prompt)
    settings = {**json.loads(options.settings), **json.loads(options.access)}
    return describe_policy(options.policy, options.backend, settings, prompt, demo, Path(options.output))


def _sample(options: argparse.Namespace) -> str:
    from kbwf.policies.table import BACKENDS
    from kbwf.warm.client import call

    read_dotenv(tuple(options.credentials))
    paths = {name: os.path.abspath(getattr(options, name)) for name in ("policy", "task", "output")}
    if options.refusal:
        paths["refusal"] = os.path.abspath(options.refusal)
    if store := os.environ.get("KBWF_STORE"):
        paths["store"] = os.path.abspath(store)
    settings = {**json.loads(options.settings), **json.loads(options.access)}
    blocks = {"settings": settings, "prompt": json.loads(options.prompt)}
    request = {**paths, **blocks, **json.loads(options.draw), "seed": options.seed, "chunk": options.chunk}
    if options.backend in BACKENDS and not BACKENDS[options.backend].is_warm:
        from kbwf.stages.sample_chunk import SampleHandler

        begin_work()
        return SampleHandler().handle(request)["message"]
    names = tuple(options.credentials)
    return str(call("sample", request, options.code, owner(), names, needs_gpu=options.gpus > 0)["message"])
