"""The command line: one verb per rule, usable by hand, and a few for people. The only place that prints.

Thousands of jobs start through `evaluate` and `sample`, which only talk to a warm process. So only the verb that is
asked for gets a parser, and every verb imports what it needs when it runs. A verb returns what there is to say; the
stages write the files.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable

from kbwf import judging
from kbwf.credentials import credentials_of, read_dotenv
from kbwf.errors import KbwfError
from kbwf.printable import printable
from kbwf.standard_files import open_what_is_closed, say

Run = Callable[[argparse.Namespace], str | None]


def main(arguments: list[str] | None = None) -> int:
    """Run one verb; returns the exit code (0, that of the error, or 2 for a wrong command line)."""
    open_what_is_closed()
    try:
        options = _parser(sys.argv[1:] if arguments is None else arguments).parse_args(arguments)
    except SystemExit as error:  # help, or how it is used, was said
        raise SystemExit(say("", end="") or error.code) from None
    if not options.is_client:
        _begin_work(leaves_with_owner=options.verb != "serve")  # that one watches its owner itself
    try:
        message = _on_own_gpu(options) if options.holds_gpu else options.run(options)
    except KbwfError as error:
        print(printable(f"kbwf {options.verb}: {error}"), file=sys.stderr)
        return error.exit_code
    return say(printable(message)) if message else 0


class _Unasked(argparse.ArgumentParser):
    """Stands for the parser of a verb that nobody asked for, and costs nothing."""

    def __init__(self) -> None:
        pass

    def add_argument(self, *_: object, **__: object) -> argparse.Action:  # type: ignore[override]
        return argparse.Action([], "")


def _parser(arguments: list[str]) -> argparse.ArgumentParser:
    """With the verb that is asked for; with all of them, where it is not one, or help is asked for."""
    asked = arguments[0] if arguments else None
    parser, is_known = _parser_of(asked)
    return parser if is_known else _parser_of(None)[0]


def _parser_of(asked: str | None) -> tuple[argparse.ArgumentParser, bool]:
    parser = argparse.ArgumentParser(prog="kbwf", description="One verb per rule, usable by hand, and some for people.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB", prog="kbwf")

    def verb(name: str, run: Run, text: str, *, is_client: bool = False) -> argparse.ArgumentParser:
        if asked is not None and name != asked:
            return _Unasked()
        added = verbs.add_parser(name, help=text, description=text, formatter_class=_narrow)
        added.set_defaults(run=run, is_client=is_client, holds_gpu=name in ("demo-policy", "adapt", "probe"))
        return added

    for add_verbs in (_add_judging, _add_verbs, _add_others):  # those that most jobs are come first
        add_verbs(verb)
        if asked in verbs.choices:
            break
    for each in verbs.choices.values():
        each.formatter_class = argparse.HelpFormatter
    return parser, asked is None or asked in verbs.choices


def _narrow(prog: str) -> argparse.HelpFormatter:
    """For the checks of each added argument: to find out the terminal's width, argparse loads every compression."""
    return argparse.HelpFormatter(prog, width=80)


def _add_judging(verb: Callable[..., argparse.ArgumentParser]) -> None:
    judging.add_verbs(verb, os.environ.get("KBWF_STORE") or None)


def _add_others(verb: Callable[..., argparse.ArgumentParser]) -> None:
    from kbwf import inspection, run_verbs, upkeep

    run_verbs.add_verbs(verb)
    upkeep.add_verbs(verb, os.environ.get("KBWF_STORE") or None)
    inspection.add_verbs(verb)


def _add_verbs(verb: Callable[..., argparse.ArgumentParser]) -> None:
    split = verb("split", _split, "write the train/eval split of a level")
    split.add_argument("tasks", help="where tasks come from, as JSON (config block tasks)")
    task = verb("task", _task, "freeze one task as a record")
    task.add_argument("tasks", help="where tasks come from, as JSON (config block tasks)")
    task.add_argument("task", help="task id, such as l1_p012")
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
    score = verb("score", _score, "join samples with their evaluations")
    score.add_argument("--samples", nargs="+", required=True)
    score.add_argument("--evaluations", nargs="+", required=True)
    select = verb("select", _select, "let a strategy choose one sample per task")
    select.add_argument("scored", nargs="+")
    select.add_argument("--strategy", required=True)
    select.add_argument("--selection", default="{}", help="config block selection as JSON")
    best = verb("best", _best, "write the chosen kernels as runnable files")
    report = verb("report", _report, "write tables, figures and summary")
    for command in (best, report):
        command.add_argument("--selections", nargs="+", required=True)
        command.add_argument("--scored", nargs="+", required=True)
        command.add_argument("--tasks", nargs="+", required=True)
        command.add_argument("--confirmations", nargs="*", default=[], help="of the chosen kernels")
    for name in ("--run-scored", "--trajectories", "--summaries", "--updates", "--probes"):
        report.add_argument(name, nargs="*", default=[], help="of the study's runs")
    report.add_argument("--report", default="{}", help="config block report as JSON")
    report.add_argument("--selection", default="{}", help="config block selection as JSON")
    for command in (split, task, demo, policy, sample, score, select, best, report):
        command.add_argument("--output", required=True)
    serve = verb("serve", _serve, "the warm process behind sample and evaluate; started by them")
    serve.add_argument("kind", choices=["sample", "evaluate"])
    serve.add_argument("socket")
    serve.add_argument("owner", help="pid and start time of the process it leaves with")


def _split(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.settings import TaskSettings
    from kbwf.stages.make_split import make_split

    return make_split(TaskSettings.model_validate_json(options.tasks), Path(options.output))


def _task(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.settings import TaskSettings
    from kbwf.stages.freeze_task import freeze_task

    return freeze_task(TaskSettings.model_validate_json(options.tasks), options.task, Path(options.output))


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

        _begin_work()
        return SampleHandler().handle(request)["message"]
    names = tuple(options.credentials)
    return str(call("sample", request, options.code, judging.owner(), names, needs_gpu=options.gpus > 0)["message"])


def _score(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.stages.score_samples import score_samples

    samples, evaluations = ([Path(path) for path in paths] for paths in (options.samples, options.evaluations))
    return score_samples(samples, evaluations, Path(options.output))


def _select(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.settings import SelectionSettings
    from kbwf.stages.select_samples import select_samples

    settings = SelectionSettings.model_validate_json(options.selection)
    scored = [Path(path) for path in options.scored]
    return select_samples(scored, options.strategy, settings, Path(options.output))


def _best(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.stages.write_best import write_best

    selections, scored, tasks = (
        [Path(path) for path in getattr(options, name)] for name in ("selections", "scored", "tasks")
    )
    confirmations = [Path(path) for path in options.confirmations]
    return write_best(selections, scored, tasks, confirmations, Path(options.output))


def _report(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.settings import ReportSettings, SelectionSettings
    from kbwf.stages.make_report import Inputs, make_report

    inputs = Inputs(**{name: [Path(path) for path in getattr(options, name)] for name in Inputs._fields})
    report = ReportSettings.model_validate_json(options.report)
    selection = SelectionSettings.model_validate_json(options.selection)
    return make_report(inputs, report, selection, Path(options.output))


def _serve(options: argparse.Namespace) -> None:
    from kbwf.warm.server import serve

    if options.kind == "evaluate":
        judging.serve_judge(options.socket, options.owner)
    else:
        from kbwf.stages.sample_chunk import SampleHandler

        serve(SampleHandler().handle, options.socket, options.owner)


def _begin_work(*, leaves_with_owner: bool = True) -> None:
    """What a process needs that does something itself, other than ask a warm one."""
    import logging

    from kbwf.log_format import KeylessFormatter
    from kbwf.warm.lifetime import leave_with

    if "KBWF_OWNER" in os.environ and leaves_with_owner:
        leave_with(judging.owner())
    handler = logging.StreamHandler()
    handler.setFormatter(KeylessFormatter(os.environ))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def _on_own_gpu(options: argparse.Namespace) -> str | None:
    """A job that works in its own process: the GPU is chosen before anything touches CUDA."""
    from kbwf.warm import client, slots

    with slots.held(client.gpus(), "") as gpu:
        os.environ.update(slots.as_environment(gpu))
        return options.run(options)  # type: ignore[no-any-return]
