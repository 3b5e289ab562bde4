"""The command line: one verb per rule, usable by hand, and a few for people. The only place that prints.

Thousands of jobs start through `sample` and `evaluate`, which only talk to a warm process: every verb imports what it
needs when it runs. A verb returns what there is to say; the stages write the files.
"""

import argparse
import json
import os
import sys
from typing import Any

from kbwf.errors import ConfigError, KbwfError, RecordError


def main(arguments: list[str] | None = None) -> int:
    """Run one verb; returns the exit code (0, that of the error, or 2 for a wrong command line)."""
    options = _parser().parse_args(arguments)
    if not options.is_client:
        import logging

        from kbwf.warm.lifetime import leave_with

        if "KBWF_OWNER" in os.environ and options.verb != "serve":  # that one watches its owner itself
            leave_with(_owner())
        logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    try:
        message = options.run(options)
    except KbwfError as error:
        print(f"kbwf {options.verb}: {error}", file=sys.stderr)
        return error.exit_code
    if message:
        print(message)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kbwf", description=__doc__.split("\n")[0])
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(name: str, run: Any, text: str, *, is_client: bool = False) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=text, description=text)
        added.set_defaults(run=run, is_client=is_client)
        return added

    split = verb("split", _split, "write the train/eval split of a level")
    split.add_argument("tasks", help="where tasks come from, as JSON (config block tasks)")
    split.add_argument("--split-seed", type=int, default=42)
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
    sample.add_argument("--seed", type=int, required=True)
    sample.add_argument("--chunk", type=int, required=True)
    sample.add_argument("--draw", required=True, help="chunk_size, temperature and max_tokens as JSON")
    sample.add_argument("--settings", default="{}", help="what the policy's backend is told, as JSON")
    sample.add_argument("--prompt", default="{}", help="config block prompt as JSON")
    sample.add_argument("--credentials", nargs="*", default=[], help="environment variables that the backend is given")
    sample.add_argument("--code", default="", help="digest of the code a warm process must run")
    evaluate = verb(
        "evaluate",
        _evaluate,
        "judge one kernel: a sample's, or a file's (kbwf evaluate TASK KERNEL.py)",
        is_client=True,
    )
    evaluate.add_argument("task", help="record of the task; by hand also a bundled task id or a problem's .py file")
    evaluate.add_argument("samples", help="the chunk that holds the sample, or a .py file that defines ModelNew")
    job = ("IDX", "SETTINGS", "PROMPT", "CODE")  # in one option, because Snakemake pays for each field of each command
    evaluate.add_argument(
        "--job", nargs=4, metavar=job, help="with a chunk: sample index, config blocks evaluation and prompt as JSON"
        " (outer braces may be left out), digest of the code a warm process must run",
    )  # fmt: skip
    evaluate.add_argument("--settings", default="{}", help="by hand: config block evaluation as JSON")
    store = os.environ.get("KBWF_STORE")
    evaluate.add_argument("--store", default=store, help="folder of measurements to reuse")
    evaluate.add_argument("--output", help="where to write the record; by hand it may be left out")
    score = verb("score", _score, "join samples with their evaluations")
    score.add_argument("--samples", nargs="+", required=True)
    score.add_argument("--evaluations", nargs="+", required=True)
    select = verb("select", _select, "let a strategy choose one sample per task")
    select.add_argument("scored", nargs="+")
    select.add_argument("--strategy", required=True)
    select.add_argument("--surprisal", default="mean")
    select.add_argument("--top-m", type=int, default=3)
    best = verb("best", _best, "write the chosen kernels as runnable files")
    report = verb("report", _report, "write tables, figures and summary")
    for command in (best, report):
        command.add_argument("--selections", nargs="+", required=True)
        command.add_argument("--scored", nargs="+", required=True)
        command.add_argument("--tasks", nargs="+", required=True)
    report.add_argument("--report", default="{}", help="config block report as JSON")
    report.add_argument("--selection", default="{}", help="config block selection as JSON")
    for command in (split, task, demo, policy, sample, score, select, best, report):
        command.add_argument("--output", required=True)
    cache = verb("cache", _cache, "what the evaluation store holds; check it; make it smaller")
    cache.add_argument("what", choices=["info", "verify", "prune"])
    cache.add_argument("--store", default=store, required=store is None, help="the folder")
    cache.add_argument("--max-mb", type=float, help="prune: remove the longest unused until so many megabytes are left")
    cache.add_argument("--unused-days", type=float, help="prune: remove what was not used for so many days")
    cache.add_argument("--unusable", action="store_true", help="prune: remove what can never be served")
    cache.add_argument("--dry-run", action="store_true", help="prune: only say what would go")
    cache.add_argument("--quiet", action="store_true", help="say nothing unless something is wrong")
    clean = verb("clean", _clean, "remove what no result needs: logs, leftovers of kills, old training states")
    clean.add_argument("--results", default="results", help="the folder; default results")
    clean.add_argument("--dry-run", action="store_true", help="only say what would go, and what stays")
    verb("doctor", _doctor, "say what this machine can do, and what to install for the rest")
    docs = verb("docs", _docs, "regenerate the configuration reference and its JSON schema")
    docs.add_argument("folder", nargs="?", default=".", help="the repository")
    serve = verb("serve", _serve, "the warm process behind sample and evaluate; started by them")
    serve.add_argument("kind", choices=["sample", "evaluate"])
    serve.add_argument("socket")
    serve.add_argument("owner", help="pid and start time of the process it leaves with")
    return parser


def _split(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.settings import TaskSettings
    from kbwf.stages.make_split import make_split

    tasks = TaskSettings.model_validate({**json.loads(options.tasks), "split_seed": options.split_seed})
    return make_split(tasks, Path(options.output))


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
    prompt, settings = PromptSettings.model_validate_json(options.prompt), json.loads(options.settings)
    return describe_policy(options.policy, options.backend, settings, prompt, demo, Path(options.output))


def _sample(options: argparse.Namespace) -> str:
    from kbwf.warm.client import call

    paths = {name: os.path.abspath(getattr(options, name)) for name in ("policy", "task", "output")}
    blocks = {"settings": json.loads(options.settings), "prompt": json.loads(options.prompt)}
    request = {**paths, **blocks, **json.loads(options.draw), "seed": options.seed, "chunk": options.chunk}
    return str(call("sample", request, options.code, _owner(), tuple(options.credentials))["message"])


def _evaluate(options: argparse.Namespace) -> str:
    if options.samples.endswith(".py"):
        return _evaluate_file(options)
    if options.job is None or options.output is None or options.store is None:
        raise KbwfError("evaluating a sample of a chunk needs --job, --store and --output; a kernel's file ends in .py")
    from kbwf.warm.client import call

    paths = {name: os.path.abspath(getattr(options, name)) for name in ("task", "samples", "store", "output")}
    idx, settings, prompt, code = options.job
    request = {**paths, "idx": int(idx), "settings": _block(settings), "prompt": _block(prompt)}
    return str(call("evaluate", request, code, _owner())["message"])


def _block(text: str) -> Any:
    """A JSON object, with or without its outer braces: rules that many jobs share leave them out."""
    return json.loads(text if text.startswith("{") else f"{{{text}}}")


def _evaluate_file(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.by_hand import evaluate_file
    from kbwf.settings import load_settings
    from kbwf.store import write_record

    try:
        block = json.loads(options.settings)
    except json.JSONDecodeError as error:
        raise ConfigError(f"--settings is no JSON ({error}); got {options.settings!r}") from error
    settings = load_settings({"evaluation": block}, "--settings").evaluation
    evaluation, message = evaluate_file(options.task, Path(options.samples), settings)
    if options.output:
        write_record(Path(options.output), evaluation)
    return message


def _score(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.stages.score_samples import score_samples

    samples, evaluations = ([Path(path) for path in paths] for paths in (options.samples, options.evaluations))
    return score_samples(samples, evaluations, Path(options.output))


def _select(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.settings import SelectionSettings
    from kbwf.stages.select_samples import select_samples

    settings = SelectionSettings(surprisal=options.surprisal, top_m=options.top_m)
    scored = [Path(path) for path in options.scored]
    return select_samples(scored, options.strategy, settings.surprisal, settings.top_m, Path(options.output))


def _best(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.stages.write_best import write_best

    selections, scored, tasks = (
        [Path(path) for path in getattr(options, name)] for name in ("selections", "scored", "tasks")
    )
    return write_best(selections, scored, tasks, Path(options.output))


def _report(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.settings import ReportSettings, SelectionSettings
    from kbwf.stages.make_report import make_report

    scored, selections, tasks = (
        [Path(path) for path in getattr(options, name)] for name in ("scored", "selections", "tasks")
    )
    report = ReportSettings.model_validate_json(options.report)
    selection = SelectionSettings.model_validate_json(options.selection)
    return make_report(scored, selections, tasks, report, selection, Path(options.output))


def _cache(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf import cache
    from kbwf.tasks.extraction import kernel_digest

    folder = Path(options.store)
    if options.what == "info":
        found = cache.info(folder)
    elif options.what == "verify":
        found = cache.verify(folder, kernel_digest)
    else:
        bounds = {"max_mb": options.max_mb, "unused_days": options.unused_days, "is_unusable": options.unusable}
        found = cache.prune(folder, kernel_digest, **bounds, is_dry_run=options.dry_run)
    if not found.is_sound:
        raise RecordError(found.text)
    return "" if options.quiet else found.text


def _clean(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.cleanup import clean

    return clean(Path(options.results), is_dry_run=options.dry_run)


def _doctor(_: argparse.Namespace) -> str:
    from kbwf.doctor import examine

    return examine(dict(os.environ))


def _docs(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.generated import write_generated

    return write_generated(Path(options.folder))


def _serve(options: argparse.Namespace) -> None:
    from kbwf.warm.server import serve

    if options.kind == "evaluate":
        from kbwf.stages.evaluate_kernel import EvaluateHandler

        serve(EvaluateHandler().handle, options.socket, options.owner)
    else:
        from kbwf.stages.sample_chunk import SampleHandler

        serve(SampleHandler().handle, options.socket, options.owner)


def _owner() -> str:
    """The Snakemake that started this job; by hand nobody, so the warm process leaves with this one."""
    from kbwf.warm.lifetime import owner_of

    return os.environ.get("KBWF_OWNER") or owner_of(os.getpid())
