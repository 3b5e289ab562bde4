"""The command line: one verb per rule, usable by hand, and a few for people. The only place that prints.

Thousands of jobs start through `evaluate` and `sample`, which only talk to a warm process. So only the verb that is
asked for gets a parser, and every verb imports what it needs when it runs. A verb returns what there is to say; the
stages write the files.
"""

import argparse
import os
import sys
from collections.abc import Callable

from kbwf import judging, sampling
from kbwf.errors import KbwfError
from kbwf.job import begin_work, on_own_gpu
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
        begin_work(leaves_with_owner=options.verb != "serve")  # that one watches its owner itself
    try:
        message = on_own_gpu(lambda: options.run(options)) if options.holds_gpu else options.run(options)
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

    for add_verbs in (_add_judging, sampling.add_verbs, _add_serve, _add_others):  # those that most jobs are come first
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
    from kbwf import inspection, run_verbs, study_verbs, upkeep

    study_verbs.add_verbs(verb)
    run_verbs.add_verbs(verb)
    upkeep.add_verbs(verb, os.environ.get("KBWF_STORE") or None)
    inspection.add_verbs(verb)


def _add_serve(verb: Callable[..., argparse.ArgumentParser]) -> None:
    serve = verb("serve", _serve, "the warm process behind sample and evaluate; started by them")
    serve.add_argument("kind", choices=["sample", "evaluate"])
    serve.add_argument("socket")
    serve.add_argument("owner", help="pid and start time of the process it leaves with")


def _serve(options: argparse.Namespace) -> None:
    serve = judging.serve_judge if options.kind == "evaluate" else sampling.serve_sampler
    serve(options.socket, options.owner)
