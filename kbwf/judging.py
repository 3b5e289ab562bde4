"""The verbs that need the judge: a task is tried out, a kernel judged, a chosen one measured again.

All of them ask one warm process, so that what belongs to a task stays there between them.
"""

import argparse
import json
import os
from collections.abc import Callable

from kbwf.errors import ConfigError, KbwfError
from kbwf.job import owner


def add_verbs(verb: Callable[..., argparse.ArgumentParser], store: str | None) -> None:
    """Add them to the command line.

    Args:
        store: folder of measurements to reuse, where no other is named.
    """
    calibrate = verb("calibrate", _calibrate, "try out whether a task can be judged here, and how well", is_client=True)
    calibrate.add_argument("task", help="record of the task")
    calibrate.add_argument("--refusal", required=True, help="where to write why the task cannot be judged, if so")
    calibrate.add_argument("--skip-too-large", action="store_true", help="tasks that do not fit the device are refused")
    evaluate = verb(
        "evaluate",
        _evaluate,
        "judge one kernel: a sample's, or a file's (kbwf evaluate TASK KERNEL.py)",
        is_client=True,
    )
    evaluate.add_argument(
        "task", help="calibration of the task; by hand its record, a bundled task id or a problem's .py file"
    )
    evaluate.add_argument("samples", help="the chunk that holds the sample, or a .py file that defines ModelNew")
    text = (
        "with a chunk: sample index, blocks evaluation and prompt as JSON (outer braces may be left out), code's digest"
    )
    evaluate.add_argument("--job", nargs=4, metavar=("IDX", "SETTINGS", "PROMPT", "CODE"), help=text)
    evaluate.add_argument("--settings", default="{}", help="by hand: config block evaluation as JSON")
    evaluate.add_argument("--store", default=store, help="folder of measurements to reuse")
    evaluate.add_argument("--output", help="where to write the record; by hand it may be left out")
    evaluate.add_argument("--json", action="store_true", help="by hand: print the whole record rather than a few lines")
    confirm = verb("confirm", _confirm, "measure what strategies chose again, in fresh processes", is_client=True)
    confirm.add_argument("task", help="calibration of the task")
    confirm.add_argument("--scored", required=True, help="scored samples of a policy, the task and a seed")
    confirm.add_argument("--selections", nargs="+", required=True, help="of every strategy, for this policy and seed")
    confirm.add_argument("--selection", default="{}", help="config block selection as JSON")
    for command in (calibrate, confirm):
        command.add_argument("--output", required=True)
        command.add_argument("--settings", default="{}", help="config block evaluation as JSON")
        command.add_argument("--code", default="", help="digest of the code a warm process must run")


def serve_judge(socket: str, owner: str) -> None:
    """Be the warm process that all these verbs ask, until nobody asks any more or the owner is gone."""
    from kbwf.stages.calibrate_task import calibrate_task
    from kbwf.stages.confirm_kernel import confirm_kernel
    from kbwf.stages.evaluate_kernel import EvaluateHandler
    from kbwf.warm.server import serve
    from kbwf.warm.shares import keep_to_own_share

    keep_to_own_share(os.environ)
    evaluating = EvaluateHandler(os.environ)

    def handle(request: dict) -> dict:
        match request.get("verb"):
            case "calibrate":
                return calibrate_task(request, evaluating.judge_for)
            case "confirm":
                return confirm_kernel(request, evaluating.judge_for)
            case _:
                return evaluating.handle(request)

    serve(handle, socket, owner, evaluating.prepare)


def _evaluate(options: argparse.Namespace) -> str:
    if options.samples.endswith(".py"):
        if options.job is not None:
            raise KbwfError("--job is for a sample of a chunk; with a kernel's file, settings are given by --settings")
        return _evaluate_file(options)
    if options.job is None or options.output is None or options.store is None:
        raise KbwfError("evaluating a sample of a chunk needs --job, --store and --output; a kernel's file ends in .py")
    from kbwf.warm.client import call

    paths = {name: os.path.abspath(getattr(options, name)) for name in ("task", "samples", "store", "output")}
    idx, settings, prompt, code = options.job
    try:
        request = paths | {"idx": int(idx), "settings": _block(settings), "prompt": _block(prompt)}
    except ValueError as error:
        raise KbwfError(f"--job takes a number, two JSON objects and a digest, not {options.job}: {error}") from error
    return str(call("evaluate", request, code, owner())["message"])


def _calibrate(options: argparse.Namespace) -> str:
    from kbwf.warm.client import call

    paths = {name: os.path.abspath(getattr(options, name)) for name in ("task", "refusal", "output")}
    request = paths | {
        "verb": "calibrate",
        "settings": _block(options.settings),
        "skip_too_large": options.skip_too_large,
    }
    return str(call("evaluate", request, options.code, owner())["message"])


def _confirm(options: argparse.Namespace) -> str:
    from kbwf.warm.client import call

    paths = {name: os.path.abspath(getattr(options, name)) for name in ("task", "scored", "output")}
    request = paths | {
        "verb": "confirm",
        "selections": [os.path.abspath(path) for path in options.selections],
        "settings": _block(options.settings),
        "selection": _block(options.selection),
    }
    return str(call("evaluate", request, options.code, owner())["message"])


def _block(text: str) -> dict:
    """A JSON object, with or without its outer braces: rules that many jobs share leave them out."""
    return json.loads(text if text.startswith("{") else f"{{{text}}}")  # type: ignore[no-any-return]


def _evaluate_file(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.by_hand import evaluate_file
    from kbwf.config_files import RepeatedKeyError, from_json
    from kbwf.settings import load_settings
    from kbwf.store import write_record
    from kbwf.warm.shares import keep_to_own_share

    try:
        block = from_json(options.settings)
    except json.JSONDecodeError as error:
        raise ConfigError(f"--settings is no JSON ({error}); got {options.settings!r}") from error
    except RepeatedKeyError as error:
        raise ConfigError(f"--settings gives the key {error} twice: {options.settings!r}") from error
    settings = load_settings({"evaluation": block}, "--settings").evaluation
    keep_to_own_share(os.environ)
    evaluation, message = evaluate_file(options.task, Path(options.samples), settings, os.environ)
    if options.output:
        write_record(Path(options.output), evaluation)
    return evaluation.to_json() if options.json else message
