"""The report's page: what is in it, and that nothing a model wrote can act in it."""

import base64
import gzip
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from kbwf.metrics.statistics import Missing
from kbwf.records import EvalStatus
from kbwf.report.headlines import Headline
from kbwf.report.page import index_of, kernels_of, label_of, packed, page
from kbwf.report.style import Picture
from kbwf.report.table import Column, Table
from tests.builders import make_confirmation, make_confirmed, make_scored, make_task
from tests.report.studies import Records, samples_of

HOSTILE = '</script><script>alert("1")</script><img src=x onerror=alert(2)>'


def unpacked(text: str) -> Any:
    """What `packed` was given."""
    return json.loads(gzip.decompress(base64.b64decode(text)))


class Elements(HTMLParser):
    """Tags with their attributes, and the text of scripts by id."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.data: dict[str, str] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep it, by the id of the script that it stands in."""
        if self.lasttag == "script" and self.tags[-1][1].get("id"):
            self.data.setdefault(str(self.tags[-1][1]["id"]), data)


@pytest.fixture(scope="module")
def html() -> str:
    """Of a study whose names, reasons and kernels all try to leave their place."""
    scored = [
        make_scored(0, 2.0, kernel_source=f"x = 1\n# {HOSTILE}\n"),
        make_scored(1, None),
    ]
    broken = scored[1].evaluation.model_copy(update={"message": HOSTILE, "trace": HOSTILE * 2})
    scored[1] = scored[1].model_copy(update={"evaluation": broken})
    study = Records(scored=scored, tasks=[make_task(1, name=HOSTILE)]).study()
    columns = (Column("name", HOSTILE), Column("number", "number"))
    rows = [{"name": HOSTILE, "number": 2.5}, {"name": "b\x1b\u202e", "number": Missing("E\x1b\u202e")}]
    tables = {"made_up": Table("Made up", HOSTILE, columns, rows)}  # type: ignore[arg-type]
    figures = {"made_up": Picture(HOSTILE, "made_up", f"<svg><text>{HOSTILE}</text></svg>", b"")}
    said = [Headline(f"It is `{HOSTILE}`.", True), Headline("Nothing."), Headline("More.\x1b\u202e")]
    return page(study, tables, figures, said, "Report")


def test_nothing_hostile_is_in_the_page_as_it_was_written(html: str) -> None:
    """Neither as a tag nor as a script; five scripts are ours, and so are the handlers: none."""
    elements = Elements(html)
    assert HOSTILE not in html and "<img src=x" not in html
    scripts = [attributes for tag, attributes in elements.tags if tag == "script"]
    assert [one.get("id") for one in scripts] == ["index", "kernels-l0_p001", *[None] * 5]
    assert not any(name.startswith("on") for _, attributes in elements.tags for name in attributes)


def test_what_cannot_be_seen_is_an_escape_in_the_page(html: str) -> None:
    """In a sentence, a cell, and the reason of a missing number."""
    assert not any(each in html for each in "\x1b\u202e")
    for begin in ("More.", ">b", "n/a (number): E"):
        assert begin + r"\x1b\u202e" in html


def test_the_page_asks_nobody_for_anything(html: str) -> None:
    """No address in any element but its own anchors and data; its policy forbids the rest."""
    elements = Elements(html)
    addresses = [
        value
        for _, attributes in elements.tags
        for name, value in attributes.items()
        if name in ("src", "href", "action", "data", "poster", "srcset") and value
    ]
    assert addresses
    assert all(value.startswith(("#", "data:image/svg+xml;base64,")) for value in addresses)
    (policy,) = [one["content"] for tag, one in elements.tags if tag == "meta" and "http-equiv" in one]
    assert policy is not None and policy.startswith("default-src 'none'") and "http" not in policy
    (styles,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert "@import" not in styles and "url(" not in styles


def test_sentences_have_their_verdicts_and_cells_their_sort_keys(html: str) -> None:
    """outside, unmarked; 2.5 sorts as a number, an unknown one last."""
    assert re.search(r'<li class="outside">It is <code>&lt;/script&gt;', html)
    assert '<li class="">Nothing.</li>' in html
    assert '<td class="number" data-sort="2.5">2.50</td>' in html
    assert '<td class="number" data-sort="">n/a</td>' in html


def test_the_data_come_back_as_they_were(html: str) -> None:
    """Kernel, reason and trace of both samples, in the order of the list."""
    elements = Elements(html)
    index, kernels = (unpacked(elements.data[name]) for name in ("index", "kernels-l0_p001"))
    group = index["groups"]["l0_p001 base"]
    assert (group["idx"], group["speedup"], group["label"]) == ([0, 1], [2.0, None], ["confidently faster", "failed"])
    assert index["tasks"] == [{"id": "l0_p001", "name": HOSTILE}]
    of = kernels["of"]["base"]
    assert kernels["sources"][of["source"][0]] == f"x = 1\n# {HOSTILE}\n"
    assert [kernels["texts"][place] for place in of["message"]] == ["", HOSTILE]
    assert [kernels["texts"][place] for place in of["trace"]] == ["", HOSTILE * 2]


def test_the_index_knows_what_strategies_chose() -> None:
    """The more surprising of two samples by surprisal, the other by confidence."""
    index = index_of(Records(scored=samples_of([0.5, 2.0]), tasks=[make_task(1)]).study())
    assert index["chosen"]["surprisal base l0_p001"] == ["0:1"]
    assert index["chosen"]["confidence base l0_p001"] == ["0:0"]
    assert "random base l0_p001" not in index["chosen"]


def test_the_index_knows_what_became_of_chosen_samples() -> None:
    """By seed and index: measured again, with its verdict, or the failure instead."""
    again = make_confirmation(
        [make_confirmed(1.5, 1.4, 1.6, (0, 2)), make_confirmed(None, None, None, (1,), ("timeout: 9 s",))], seed=3
    )
    study = replace(Records(scored=samples_of([2.0] * 3, seed=3)).study(), confirmations=(again,))
    kept = {"speedup": 1.5, "low": 1.4, "high": 1.6, "verdict": "faster"}
    failed = {"speedup": None, "low": None, "high": None, "verdict": "timeout: 9 s"}
    assert index_of(study)["confirmed"] == {"l0_p001 base": {"3:0": kept, "3:2": kept, "3:1": failed}}


def test_equal_kernels_are_stored_once_and_missing_ones_not_at_all() -> None:
    """Two samples with one source; no place for a response without a kernel."""
    records = Records(scored=[make_scored(0, 2.0), make_scored(1, 2.0)], tasks=[make_task(1)])
    empty = make_scored(2, None)
    nothing = empty.evaluation.model_copy(
        update={"status": EvalStatus.NO_KERNEL, "kernel_source": None, "kernel_sha256": None}
    )
    records.scored.append(empty.model_copy(update={"evaluation": type(nothing).model_validate(nothing.model_dump())}))
    kernels = kernels_of(records.study(), records.tasks[0])
    assert len(kernels["sources"]) == 1
    assert kernels["of"]["base"]["source"] == [0, 0, -1]


@pytest.mark.parametrize(
    ("is_correct", "speedup", "low", "label"),
    [
        (False, float("nan"), float("nan"), "failed"),
        (True, 1.0, 0.9, "correct"),
        (True, 1.1, 1.0, "faster"),
        (True, 1.1, 1.01, "confidently faster"),
    ],
)
def test_labels_are_strict_at_1(is_correct: bool, speedup: float, low: float, label: str) -> None:
    """As successes are."""
    assert label_of(is_correct, speedup, low) == label


def test_packed_text_means_nothing_to_html_and_is_the_same_each_time() -> None:
    """Base64 letters only, no time stamp inside."""
    assert re.fullmatch(r"[A-Za-z0-9+/=]+", packed({"a": HOSTILE}))
    assert packed([1, 2]) == packed([1, 2])


def test_half_a_character_of_a_model_does_not_stop_the_page() -> None:
    """Nor does it get lost: JSON has an escape for it."""
    assert unpacked(packed({"a": "\ud800é"})) == {"a": "\ud800é"}
