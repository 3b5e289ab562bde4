"""The verbs for people who want to know: of a study what it will cost and what it found, of a machine what it can do,
of the judge what gets past it."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from kbwf.errors import ConfigError

if TYPE_CHECKING:
    from kbwf.settings import StudySettings


def add_verbs(verb: Callable[..., argparse.ArgumentParser]) -> None:
    """Add them to the command line."""
    estimated = verb("plan", _plan, "say what a study will cost: samples, evaluations, tokens, GPU-hours")
    estimated.add_argument("studies", nargs="+", help="configuration files, as after snakemake --configfile")
    estimated.add_argument("--config", default="config.yaml", help="what is read before them")
    estimated.add_argument("--prompt-tokens", type=token_count, help="of one prompt")
    estimated.add_argument(
        "--response-tokens", type=token_count, help="of one response, rather than sampling.max_tokens"
    )
    estimated.add_argument("--evaluation-s", type=positive_number, help="GPU-seconds of one evaluation")
    estimated.add_argument("--drawn-tokens-per-s", type=positive_number, help="that a GPU of this machine draws")
    estimated.add_argument(
        "--read-tokens-per-s", type=positive_number, help="that a GPU of this machine scores or trains on"
    )
    comparison = verb("compare", _compare, "hold the results of two studies against each other")
    comparison.add_argument("first", help="folder of results of a study")
    comparison.add_argument("second", help="that of another")
    comparison.add_argument("--policies", nargs=2, default=[], help="one of each study; left out, all that both have")
    comparison.add_argument("--report", default="{}", help="config block report as JSON")
    doctor = verb("doctor", _doctor, "say what this machine can do, and what to install for the rest")
    doctor.add_argument(
        "--tasks", nargs="*", metavar="STUDY", help="say instead of each task of a study whether it can be judged here"
    )
    doctor.add_argument("--config", default="config.yaml", help="what is read before the studies")
    oracle = verb("oracle", _oracle, "measure how many wrong kernels the rules of the verdict let through")
    oracle.add_argument(
        "--level-folder", help="problems in KernelBench's format instead of the bundled ones, made smaller"
    )
    oracle.add_argument("--limit", type=int, help="mutants of a task at most")
    oracle.add_argument("--output", required=True, help="folder for oracle.md and oracle.json")
    attack = verb("attack", _attack, "let the bank of cheats and honest kernels try this machine's judge")
    attack.add_argument("folder", nargs="?", default="attacks", help="the bank: folders cheats, honest, tasks, twins")
    attack.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="where kernels run")
    attack.add_argument("--kind", help="only this kind, such as replay, or honest")
    attack.add_argument("--only", metavar="NAME", help="only this file")
    attack.add_argument("--mode", choices=["fast", "full", "adaptive"], default="full", help="how it judges")
    attack.add_argument("--output", help="where to write all outcomes as JSON")
    docs = verb("docs", _docs, "regenerate the configuration reference and its JSON schema")
    docs.add_argument("folder", nargs="?", default=".", help="the repository")


def token_count(text: str) -> int:
    """Of an argument; argparse names this function where it is no number at all."""
    number = int(text)
    if not 0 < number <= 2**31:
        raise argparse.ArgumentTypeError(f"{text} is no number of tokens; give one from 1 to {2**31}")
    return number


def positive_number(text: str) -> float:
    """The same for what divides, or is multiplied with hours."""
    number = float(text)
    if not 1e-9 <= number <= 1e9:  # so that no estimate is infinite either
        raise argparse.ArgumentTypeError(f"{text} is out of range; give a number from 1e-9 to 1e9")
    return number


def _compare(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.compare import compare
    from kbwf.settings import ReportSettings

    report = ReportSettings.model_validate_json(options.report)
    return compare(Path(options.first), Path(options.second), options.policies, report)


def _plan(options: argparse.Namespace) -> str:
    import dataclasses

    from kbwf.estimate import Assumptions, text_of

    names = [field.name for field in dataclasses.fields(Assumptions)]
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    return text_of(_study_of(options.config, options.studies), Assumptions(**given))


def _study_of(config: str, studies: Sequence[str]) -> "StudySettings":
    from kbwf.config_files import load_study, read_config
    from kbwf.estimate import merged

    paths = (config, *studies)
    raw: dict[str, Any] = {}
    for path in paths:
        raw = merged(raw, read_config(path))
    return load_study(raw, paths)


def _doctor(options: argparse.Namespace) -> str:
    from kbwf.doctor import examine, examine_tasks
    from kbwf.warm.shares import keep_to_own_share

    keep_to_own_share(os.environ)
    if options.tasks is None:
        return examine(dict(os.environ))
    return examine_tasks(_study_of(options.config, options.tasks), dict(os.environ))


def _oracle(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.oracle.run import write_analysis

    folder = Path(options.level_folder) if options.level_folder else None
    return write_analysis(folder, options.limit, Path(options.output))


def _attack(options: argparse.Namespace) -> str:
    import secrets
    import signal
    from pathlib import Path

    from kbwf.attack.planting import PREFIX, VARIABLE
    from kbwf.attack.run import attack

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # what was planted is taken away then too
    secret = os.environ[VARIABLE] = f"{PREFIX}{secrets.token_hex(8)}"
    return attack(
        Path(options.folder), options.device, options.mode, options.kind, options.only, secret,
        Path(options.output) if options.output else None, lambda line: print(line, flush=True),
    )  # fmt: skip


def _docs(options: argparse.Namespace) -> str:
    from pathlib import Path

    from kbwf.generated import write_generated

    if sys.flags.optimize > 1:
        raise ConfigError("the reference is made of docstrings, which PYTHONOPTIMIZE=2 leaves out; run without it")
    return write_generated(Path(options.folder))
