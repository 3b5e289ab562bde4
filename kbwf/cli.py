"""The command line: one verb per rule, usable by hand, and a few for people. The only place that prints.

Thousands of jobs start through `sample` and `evaluate`, which only talk to a warm process: every verb imports what it
needs when it runs.
"""

import argparse
import json
import os
import sys

from kbwf.errors import ConfigError, KbwfError


def main(arguments: list[str] | None = None) -> int:
    """Run one verb; returns the exit code (0, that of the error, or 2 for a wrong command line)."""
    options = _parser().parse_args(arguments)
    if options.verb not in ("sample", "evaluate"):
        import logging

        from kbwf.warm.lifetime import leave_with

        if "KBWF_OWNER" in os.environ and options.verb != "serve":  # that one watches its owner itself
            leave_with(_owner())
        logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    try:
        message = globals()[f"_{options.verb.replace('-', '_')}"](options)
    except KbwfError as error:
        print(f"kbwf {options.verb}: {error}", file=sys.stderr)
        return error.exit_code
    if message:
        print(message, file=sys.stderr if options.verb in ("sample",) else sys.stdout)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kbwf", description=__doc__.split("\n")[0])
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(name: str, text: str) -> argparse.ArgumentParser:
        return verbs.add_parser(name, help=text, description=text)

    split = verb("split", "write the train/eval split of a level")
    split.add_argument("tasks", help="where tasks come from, as JSON (config block tasks)")
    split.add_argument("--split-seed", type=int, default=42)
    task = verb("task", "freeze one task as a record")
    task.add_argument("tasks", help="where tasks come from, as JSON (config block tasks)")
    task.add_argument("task", help="task id, such as l1_p012")
    demo = verb("demo-policy", "train the demo policy on the bundled suite")
    demo.add_argument("demo", help="config block demo as JSON; {} takes the defaults")
    policy = verb("policy", "check a policy's model and describe it as a checkpoint")
    policy.add_argument("policy", help="base or identity")
    policy.add_argument("base", help="config block base as JSON")
    policy.add_argument("prompt", help="config block prompt as JSON")
    policy.add_argument("demo_folder", nargs="?", help="the trained demo policy, if base.model is demo")
    sample = verb("sample", "draw one chunk of samples from a policy for a task")
    sample.add_argument("policy", help="checkpoint.json of the policy")
    sample.add_argument("task", help="record of the task")
    sample.add_argument("--seed", type=int, required=True)
    sample.add_argument("--chunk", type=int, required=True)
    sample.add_argument("--draw", required=True, help="chunk_size, temperature and max_tokens as JSON")
    sample.add_argument("--base", default="{}", help="config block base as JSON")
    sample.add_argument("--prompt", default="{}", help="config block prompt as JSON")
    sample.add_argument("--code", default="", help="digest of the code a warm process must run")
    evaluate = verb("evaluate", "judge one kernel: a sample's, or a file's (kbwf evaluate TASK KERNEL.py)")
    evaluate.add_argument("task", help="record of the task; by hand also a bundled task id or a problem's .py file")
    evaluate.add_argument("samples", help="the chunk that holds the sample, or a .py file that defines ModelNew")
    evaluate.add_argument("--idx", type=int, help="sample index; needed with a chunk")
    evaluate.add_argument("--settings", default="{}", help="config block evaluation as JSON")
    evaluate.add_argument("--prompt", default="{}", help="config block prompt as JSON")
    evaluate.add_argument("--store", help="folder of measurements to reuse")
    evaluate.add_argument("--code", default="", help="digest of the code a warm process must run")
    evaluate.add_argument("--output", help="record to write; by hand the default is standard output")
    score = verb("score", "join samples with their evaluations")
    score.add_argument("--samples", nargs="+", required=True)
    score.add_argument("--evaluations", nargs="+", required=True)
    select = verb("select", "let a strategy choose one sample per task")
    select.add_argument("scored", nargs="+")
    select.add_argument("--strategy", required=True)
    select.add_argument("--surprisal", default="mean")
    select.add_argument("--top-m", type=int, default=3)
    best = verb("best", "write the chosen kernels as runnable files")
    report = verb("report", "write tables, figures and summary")
    for command in (best, report):
        command.add_argument("--selections", nargs="+", required=True)
        command.add_argument("--scored", nargs="+", required=True)
        command.add_argument("--tasks", nargs="+", required=True)
    report.add_argument("--report", default="{}", help="config block report as JSON")
    report.add_argument("--selection", default="{}", help="config block selection as JSON")
    for command in (split, task, demo, policy, sample, score, select, best, report):
        command.add_argument("--output", required=True)
    verb("doctor", "say what this machine can do, and what to install for the rest")
    docs = verb("docs", "regenerate the configuration reference and its JSON schema")
    docs.add_argument("folder", nargs="?", default=".", help="the repository")
    serve = verb("serve", "the warm process behind sample and evaluate; started by them")
    serve.add_argument("kind", choices=["sample", "evaluate"])
    serve.add_argument("socket")
    serve.add_argument("owner", help="pid and start time of the process it leaves with")
    return parser


def _split(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.config import Tasks
    from kbwf.stages.split import make_split
    from kbwf.store import write_record

    split = make_split(Tasks.model_validate({**json.loads(options.tasks), "split_seed": options.split_seed}))
    write_record(Path(options.output), split)
    return f"{len(split.train_ids)} train and {len(split.eval_ids)} eval tasks"


def _task(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.config import Tasks
    from kbwf.records.task import parse_task_id
    from kbwf.stages.split import freeze_task
    from kbwf.store import write_record

    task = freeze_task(Tasks.model_validate_json(options.tasks), parse_task_id(options.task)[1])
    write_record(Path(options.output), task)
    return f"{task.task_id} {task.name}"


def _demo_policy(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.config import Demo, Tasks
    from kbwf.stages.base_policy import make_demo_policy

    make_demo_policy(Demo.model_validate_json(options.demo), Tasks(), Path(options.output))
    return f"demo policy in {options.output}"


def _policy(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.config import Base, Prompt
    from kbwf.stages.base_policy import describe_policy
    from kbwf.store import write_record

    folder = Path(options.demo_folder) if options.demo_folder else None
    base, prompt = Base.model_validate_json(options.base), Prompt.model_validate_json(options.prompt)
    checkpoint = describe_policy(options.policy, base, prompt, folder)
    write_record(Path(options.output), checkpoint)
    return f"{checkpoint.policy_id}: {checkpoint.base_model} {checkpoint.revision}"


def _sample(options: argparse.Namespace) -> str:
    from kbwf.warm.client import call

    paths = {name: os.path.abspath(getattr(options, name)) for name in ("policy", "task", "output")}
    blocks = {"base": json.loads(options.base), "prompt": json.loads(options.prompt)}
    request = {**paths, **blocks, **json.loads(options.draw), "seed": options.seed, "chunk": options.chunk}
    credentials = ("HF_TOKEN",)  # gated models; the sampling process runs no model-written code
    return str(call("sample", request, options.code, _owner(), credentials)["message"])


def _evaluate(options: argparse.Namespace) -> str:
    if options.samples.endswith(".py"):
        return _evaluate_file(options)
    if options.idx is None or options.output is None or options.store is None:
        raise KbwfError("evaluating a sample of a chunk needs --idx, --store and --output; a kernel's file ends in .py")
    from kbwf.warm.client import call

    paths = {name: os.path.abspath(getattr(options, name)) for name in ("task", "samples", "store", "output")}
    blocks = {"settings": json.loads(options.settings), "prompt": json.loads(options.prompt)}
    return str(call("evaluate", {**paths, **blocks, "idx": options.idx}, options.code, _owner())["message"])


def _evaluate_file(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.config import load_config
    from kbwf.stages.evaluate_file import evaluate_file
    from kbwf.store import write_record

    try:
        block = json.loads(options.settings)
    except json.JSONDecodeError as error:
        raise ConfigError(f"--settings is no JSON ({error}); got {options.settings!r}") from error
    settings = load_config({"evaluation": block}, "--settings").evaluation
    evaluation, message = evaluate_file(options.task, Path(options.samples), settings)
    if options.output:
        write_record(Path(options.output), evaluation)
    return message


def _score(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.stages.score import score
    from kbwf.store import write_records

    scored = score([Path(path) for path in options.samples], [Path(path) for path in options.evaluations])
    write_records(Path(options.output), scored)
    return f"{sum(each.evaluation.is_correct for each in scored)} of {len(scored)} correct"


def _select(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.config import SelectionBlock
    from kbwf.stages.select import select_all
    from kbwf.store import write_records

    block = SelectionBlock(surprisal=options.surprisal, top_m=options.top_m)
    selections = select_all([Path(path) for path in options.scored], options.strategy, block)
    write_records(Path(options.output), selections)
    num_chosen = sum(each.num_correct > 0 for each in selections)
    return f"{options.strategy}: {num_chosen} of {len(selections)} tasks have a choice"


def _best(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.stages.select import write_best

    selections, scored, tasks = (
        [Path(path) for path in getattr(options, name)] for name in ("selections", "scored", "tasks")
    )
    written = write_best(selections, scored, tasks, Path(options.output))
    return f"{len(written)} kernels in {options.output}"


def _report(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.config import Report, SelectionBlock
    from kbwf.stages.report import make_report

    scored: dict[str, list[Path]] = {}
    for path in map(Path, options.scored):
        scored.setdefault(path.parents[1].name, []).append(path)  # …/{policy}/{task}/seed{seed}.jsonl
    selections, tasks = [Path(path) for path in options.selections], [Path(path) for path in options.tasks]
    report, selection = (
        Report.model_validate_json(options.report),
        SelectionBlock.model_validate_json(options.selection),
    )
    make_report(scored, selections, tasks, report, selection, Path(options.output))
    return f"report in {options.output}"


def _doctor(_: argparse.Namespace) -> str:
    from kbwf.stages.doctor import examine

    return examine(dict(os.environ))


def _docs(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.generated import config_reference, config_schema
    from kbwf.store import write_text

    folder = Path(options.folder)
    write_text(folder / "docs" / "config.md", config_reference())
    write_text(folder / "workflow" / "schemas" / "config.schema.json", config_schema())
    return f"wrote docs/config.md and workflow/schemas/config.schema.json in {folder.resolve()}"


def _serve(options: argparse.Namespace) -> None:
    from kbwf.warm.server import serve

    if options.kind == "evaluate":
        from kbwf.stages.evaluate import EvaluateHandler

        serve(EvaluateHandler().handle, options.socket, options.owner)
    else:
        from kbwf.stages.sample import SampleHandler

        serve(SampleHandler().handle, options.socket, options.owner)


def _owner() -> str:
    """The Snakemake that started this job; by hand nobody, so the warm process leaves with this one."""
    from kbwf.warm.lifetime import owner_of

    return os.environ.get("KBWF_OWNER") or owner_of(os.getpid())
