"""Samples drawn elsewhere, whose tokens nobody counted."""

from kbwf.records import Sample, ScoredSample
from kbwf.report.page import index_of
from kbwf.report.study import NOT_COUNTED
from kbwf.settings import ReportSettings, SelectionSettings
from kbwf.stages.make_report import tables_of
from tests.report.studies import small_study

UNKNOWN = {
    "token_ids_T": None, "sampling_logprobs_T": None, "policy_logprobs_T": None, "num_prompt_tokens": None,
    "temperature": None, "finish_reason": None, "prompt_sha256": None,
}  # fmt: skip


def test_the_report_says_which_numbers_need_them() -> None:
    """Lengths and sums are n/a with the reason; successes are there."""
    records = small_study(has_runs=False, has_control=False)
    records.scored = [
        ScoredSample(sample=Sample.model_validate(one.sample.model_dump() | UNKNOWN), evaluation=one.evaluation)
        for one in records.scored
    ]
    study = records.study()
    tables = tables_of(study, ReportSettings(num_resamples=100), SelectionSettings())
    lengths = [row for row in tables["correlation"].rows if row["measure"] == "length and speedup"]
    assert [row["pooled_rho"] for row in lengths] == [NOT_COUNTED]
    assert {(row["prompt_tokens"], row["response_tokens"]) for row in tables["compute"].rows} == {(NOT_COUNTED,) * 2}
    shortest = [row["chance"] for row in tables["selection"].rows if row["strategy"] == "shortest"]
    assert shortest == [NOT_COUNTED]
    assert index_of(study)["groups"]["l0_p001 base"]["tokens"] == [None] * 16
    assert NOT_COUNTED.reason in tables["compute"].to_markdown()


def test_quartiles_go_without_them() -> None:
    """Log-probabilities may be known without: quarters then have no mean length."""
    records = small_study(has_runs=False, has_control=False)
    study = records.study()
    study.samples["num_tokens"] = float("nan")
    rows = tables_of(study, ReportSettings(num_resamples=100), SelectionSettings())["quartiles"].rows
    assert rows and {row["tokens_mean"] for row in rows} == {NOT_COUNTED}
