"""The report as one file: sentences, figures, tables that sort, and a browser for the kernels. It asks nobody for
anything: styles, scripts and data are in it, and its content security policy forbids the rest.

Kernels are most of it. They are compressed, task by task, and a task's are unpacked when one of them is looked at.
"""

import base64
import gzip
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jinja2
import pandas as pd
from markupsafe import Markup, escape

from kbwf.printable import printable
from kbwf.records import Confirmation, Task
from kbwf.report.figures import Figures
from kbwf.report.headlines import Headline
from kbwf.report.published import CONDITIONS
from kbwf.report.study import Study, policies_of
from kbwf.report.style import Picture
from kbwf.report.table import Cell, Table, shown, value_of

_SCRIPTS = ("highlight.min.js", "diff.min.js", "sortable.min.js", "sortable.a11y.min.js", "page.js")
_STYLES = ("highlight.min.css", "page.css")


class _Drawn(NamedTuple):
    title: str
    data: str
    """SVG in base64: an image of its own, so that ids of two figures do not meet."""


class _Section(NamedTuple):
    name: str
    table: Table
    texts: dict[str, bool]
    """By column: whether it holds words."""
    figures: list[_Drawn]


def page(study: Study, tables: Mapping[str, Table], figures: Figures, said: list[Headline], title: str) -> str:
    """The page's HTML."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("kbwf.report", "assets"), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.globals |= {"shown": _shown, "sort_key": _sort_key, "verdict": _verdict, "code_spans": _code_spans}
    environment.globals["printable"] = printable
    sections = [
        _Section(
            name,
            table,
            {column.name: table.is_text(column) for column in table.columns},
            [_drawn(figure) for figure in figures.values() if figure.table == name],
        )
        for name, table in tables.items()
    ]
    return environment.get_template("page.html").render(
        title=title,
        num_samples=f"{len(study.samples):,}",
        num_tasks=len(study.tasks),
        policies=policies_of(study.samples["policy_id"]),
        headlines=said,
        conditions=CONDITIONS,
        sections=sections,
        styles=Markup("\n").join(_asset(environment, name) for name in _STYLES),
        scripts=[_asset(environment, name) for name in _SCRIPTS],
        index=packed(index_of(study)),
        kernels={task.task_id: packed(kernels_of(study, task)) for task in study.tasks},
    )


def packed(value: object) -> str:
    """JSON, compressed, in base64: no character of it means anything to HTML."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    # Half a character, which a model may write, becomes an escape that JSON knows.
    return base64.b64encode(gzip.compress(text.encode(errors="backslashreplace"), compresslevel=9, mtime=0)).decode()


def index_of(study: Study) -> dict[str, Any]:
    """What the list of samples shows: columns by task and policy, which samples strategies chose, and what became of
    those when they were measured again."""
    chosen: dict[str, list[str]] = {}
    for one in study.selections:
        if one.sample_idx is not None:
            name = f"{one.strategy} {one.policy_id} {one.task_id}"
            chosen.setdefault(name, []).append(f"{one.seed}:{one.sample_idx}")
    return {
        "tasks": [{"id": task.task_id, "name": task.name} for task in study.tasks],
        "policies": policies_of(study.samples["policy_id"]),
        "strategies": list(dict.fromkeys(one.strategy for one in study.selections)),
        "statuses": sorted(study.samples["status"].unique()),
        "groups": {
            f"{task_id} {policy_id}": _columns(frame)
            for (task_id, policy_id), frame in study.samples.groupby(["task_id", "policy_id"])
        },
        "chosen": chosen,
        "confirmed": _confirmed(study.confirmations),
    }


def _confirmed(confirmations: Sequence[Confirmation]) -> dict[str, dict[str, dict[str, object]]]:
    """By task and policy, and by seed and index: the second measurement, or why there is none."""
    found: dict[str, dict[str, dict[str, object]]] = {}
    for one in confirmations:
        of_group = found.setdefault(f"{one.task_id} {one.policy_id}", {})
        for kernel in one.kernels:
            numbers = {"speedup": kernel.speedup, "low": kernel.speedup_low, "high": kernel.speedup_high}
            again = {name: _rounded(number) for name, number in numbers.items()}
            again["verdict"] = kernel.comparison or kernel.failures[0]
            of_group |= {f"{one.seed}:{sample_idx}": again for sample_idx in kernel.sample_idxs}
    return found


def _columns(frame: pd.DataFrame) -> dict[str, list]:
    names = {
        "seed": "seed", "idx": "sample_idx", "status": "status", "speedup": "speedup", "low": "speedup_low",
        "high": "speedup_high", "surprisal": "surprisal_nats", "tokens": "num_tokens",
    }  # fmt: skip
    columns = {short: [_rounded(value) for value in frame[name].tolist()] for short, name in names.items()}
    labels = zip(frame["is_correct"], frame["speedup"], frame["speedup_low"], strict=True)
    return {**columns, "label": [label_of(*values) for values in labels]}


def label_of(is_correct: bool, speedup: float, speedup_low: float) -> str:
    """What a sample counts as."""
    if not is_correct:
        return "failed"
    if speedup <= 1:
        return "correct"
    return "confidently faster" if speedup_low > 1 else "faster"


def kernels_of(study: Study, task: Task) -> dict[str, Any]:
    """A task's reference and kernels; equal sources and equal reasons stand there once. Places as in the list."""
    texts: dict[str, int] = {"": 0}
    sources: dict[str, int] = {}
    of: dict[str, dict[str, list[int]]] = {}
    for policy_id, frame in study.samples[study.samples["task_id"] == task.task_id].groupby("policy_id"):
        of[str(policy_id)] = {
            "source": [
                -1 if source is None else sources.setdefault(source, len(sources)) for source in frame["kernel_source"]
            ],
            "message": [texts.setdefault(text, len(texts)) for text in frame["message"]],
            "trace": [texts.setdefault(text, len(texts)) for text in frame["trace"]],
        }
    return {"reference": task.reference_source, "sources": list(sources), "texts": list(texts), "of": of}


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return None if math.isnan(value) else float(f"{value:.6g}")
    return value


def _drawn(figure: Picture) -> _Drawn:
    return _Drawn(figure.title, base64.b64encode(figure.svg.encode()).decode())


def _asset(environment: jinja2.Environment, name: str) -> Markup:
    assert environment.loader is not None, "made above"
    text = environment.loader.get_source(environment, name)[0]
    assert not any(end in text for end in ("</script", "</style")), f"{name} would end the element that holds it"
    return Markup(text)


def _shown(cell: Cell, digits: int) -> str:
    return printable(shown(cell, digits))


def _sort_key(cell: Cell) -> str:
    """Numbers by value, unknown ones last, words as they are."""
    if isinstance(cell, bool):
        return str(int(cell))
    value = value_of(cell)
    if value is not None:
        return repr(value)
    return printable(cell) if isinstance(cell, str) else ""


def _verdict(headline: Headline) -> str:
    return {True: "outside", False: "inside", None: ""}[headline.is_outside]


def _code_spans(text: str) -> Markup:
    """Words between backticks as code, everything escaped."""
    parts = [escape(part) for part in printable(text).split("`")]
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else part for place, part in enumerate(parts)
    )
