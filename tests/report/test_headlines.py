"""Sentences made of the numbers, and what a study lacks."""

from dataclasses import replace
from typing import Any

from kbwf.metrics.statistics import Interval
from kbwf.records import SandboxReport
from kbwf.report.headlines import headlines
from kbwf.settings import ReportSettings, SelectionSettings
from kbwf.stages.make_report import tables_of
from tests.builders import make_confirmation, make_confirmed, make_scored, make_task
from tests.report.studies import Records, samples_of, small_study

CFG = ReportSettings(num_resamples=100)


def said(records: Records) -> str:
    """All sentences."""
    study = records.study()
    return " ".join(one.text for one in headlines(study, tables_of(study, CFG, SelectionSettings()), CFG))


def verdicts(records: Records, word: str) -> list[bool | None]:
    """Whether the headlines with this word claim to lie outside."""
    study = records.study()
    tables = tables_of(study, CFG, SelectionSettings())
    return [one.is_outside for one in headlines(study, tables, CFG) if word in one.text]


def test_confirmed_kernels_are_counted_beside_the_references() -> None:
    """Each kernel once, by verdict, and how often strategies chose one; so many are outside what the judge's error
    gives."""
    records = small_study(effect=1.0)
    text = said(records)
    kernels = [kernel for one in records.confirmations for kernel in one.kernels]
    num_faster = sum(kernel.is_faster for kernel in kernels)
    assert num_faster > 0
    choices = [one for one in records.selections() if one.policy_id == "base" and one.sample_idx is not None]
    head = f"Of {len(kernels)} kernels in {len(choices)} choices of strategies, {num_faster} are confirmed to be faster"
    assert head in text
    assert "of 6 references measured beside them 0" in text
    assert verdicts(records, "choices of strategies") == [True]


def confirmed_verdict(kernels: dict[tuple[int, int], list[tuple[str, float]]], num_noisy: int = 0) -> tuple[str, Any]:
    """The sentence on confirmed kernels, by task and seed: digest and speedup of each; so many references seem
    faster."""
    again = [
        make_confirmation(
            [make_confirmed(speed, speed, speed, (idx,), kernel_sha256=name) for idx, (name, speed) in enumerate(some)],
            control=make_confirmed(1.1, 1.05, 1.15, ()) if place < num_noisy else None,
            task_id=f"l0_p{task:03d}",
            seed=seed,
        )
        for place, ((task, seed), some) in enumerate(kernels.items())
    ]
    study = replace(small_study(has_runs=False).study(), confirmations=tuple(again))
    (one,) = [
        one
        for one in headlines(study, tables_of(study, CFG, SelectionSettings()), CFG)
        if "choices of strategies" in one.text
    ]
    return one.text, one.is_outside


def test_as_many_confirmed_kernels_as_noise_gives_are_not_outside() -> None:
    """At 2.5 % each, one or two of 18 are no wonder (p = 0.37 and 0.075), three are (0.0096); not where one of six
    references seems faster itself (p = 0.60)."""
    for num_faster, num_noisy, is_outside in ((1, 0, False), (2, 0, False), (3, 0, True), (3, 1, False)):
        speeds = [2.0] * num_faster + [1.0] * (18 - num_faster)
        cells = [(task, seed) for task in (1, 2, 3) for seed in (0, 1)]
        kernels = {
            cell: [(f"{place}", speeds[place]) for place in range(3 * number, 3 * number + 3)]
            for number, cell in enumerate(cells)
        }
        assert confirmed_verdict(kernels, num_noisy)[1] is is_outside


def test_a_kernel_that_two_seeds_chose_counts_once_and_must_be_faster_under_both() -> None:
    """Of one task, that is: an equal kernel of another task is another. Not under both is no verdict."""
    text, is_outside = confirmed_verdict(
        {(1, 0): [("a", 2.0), ("b", 2.0)], (1, 1): [("a", 2.0), ("b", 1.0)], (2, 0): [("a", 2.0)]}
    )
    assert text.startswith("Of 3 kernels in ")
    assert "2 are confirmed to be faster in fresh processes (2 faster, 1 not alike under every seed)" in text
    assert is_outside


def test_tasks_that_cannot_be_judged_come_first() -> None:
    """Before any rate that they are left out of."""
    study = replace(small_study().study(), refused=((make_task(9), "it draws at random"),))
    first = headlines(study, tables_of(study, CFG, SelectionSettings()), CFG)[0].text
    assert first.startswith("1 of 4 tasks cannot be judged on this machine (l0_p009;")


def test_a_control_that_nothing_could_be_judged_of_was_not_left_out() -> None:
    """Where all tasks are refused, neither summary nor table says so."""
    study = replace(Records().study(), refused=((make_task(9), "it draws at random"),))
    tables = tables_of(study, CFG, SelectionSettings())
    text = " ".join(one.text for one in headlines(study, tables, CFG)) + tables["noise_floor"].to_markdown()
    assert "left out" not in text and "1 of 1 tasks cannot be judged" in text
    assert "No task of this study can be judged on this machine." in text


def test_of_strategies_that_do_equally_well_one_s_interval_is_named() -> None:
    """Each has another interval; the rule on permuted labels is one's too. One alone needs no name."""
    text = said(small_study(has_runs=False, num_samples=2))
    assert "`surprisal` and `surprisal_top_m` and `shortest` do best" in text
    assert "The intervals are those of `surprisal`. The rule of `surprisal` on permuted labels" in text
    text = said(Records(scored=samples_of([0.5, 2.0, 0.5])))
    assert "`surprisal_top_m` does best" in text and "The intervals are those of" not in text


def test_a_high_level_is_not_called_certain() -> None:
    """99.9 %, not 100 %."""
    study, cfg = small_study(has_runs=False).study(), ReportSettings(num_resamples=100, confidence_level=0.999)
    tables = tables_of(study, cfg, SelectionSettings())
    text = " ".join(one.text for one in headlines(study, tables, cfg)) + tables["selection"].note
    assert text.count("99.9%") == 2 and "100%" not in text


def test_an_effect_in_every_task_is_claimed() -> None:
    """Eight tasks, the fast kernel always the most surprising."""
    records = Records(scored=[one for task in range(1, 9) for one in samples_of([0.5] * 7 + [2.0], task=task)])
    assert "Surprisal beats confidence: 1.00 against 0.00" in said(records)
    assert verdicts(records, "Surprisal beats confidence") == [True]


def test_a_difference_that_chance_gives_is_not_claimed() -> None:
    """One task, where surprisal happens to be right."""
    records = Records(scored=samples_of([0.5, 2.0]))
    assert "That surprisal beats confidence is not shown: 1.00 against 0.00" in said(records)
    assert verdicts(records, "is not shown") == [False]


def test_a_success_no_better_than_the_control_s_is_called_noise() -> None:
    """One faster kernel each, with an interval around 1."""
    records = Records(scored=[*samples_of([1.05]), *samples_of([1.05], "identity")])
    text = said(records)
    assert "confidently 0.00 [0.00, 0.00], so that this success is not told apart from noise" in text
    assert "the identity control with 0.00 [0.00, 0.00]: not above the noise floor" in text


def test_a_success_whose_interval_meets_the_control_s_is_called_noise() -> None:
    """One of four tasks has a kernel that is confidently faster, of the control's none: some resamples have none."""
    records = Records(scored=samples_of([2.0]))
    for task in range(1, 5):
        records.scored += samples_of([1.05], "identity", task)
        records.scored += samples_of([1.05], "base", task) if task > 1 else []
    assert verdicts(records, "from the identity control") == [False]


def test_a_control_of_a_few_choices_leaves_doubt() -> None:
    """Eight of twelve tasks have a faster kernel, 42 % or more by the interval; of the control's 4 choices none is,
    which may be 60 %, of its 12 none, which may be 26 %."""
    ours = [one for task in range(1, 13) for one in samples_of([2.0 if task <= 8 else 0.5], task=task)]
    for num_controls, is_outside in ((4, False), (12, True)):
        controls = [one for task in range(1, num_controls + 1) for one in samples_of([1.0], "identity", task)]
        assert verdicts(Records(scored=[*ours, *controls]), "from the identity control") == [is_outside]


def test_a_run_s_gain_is_held_against_0_and_its_choice_against_chance() -> None:
    """Both sentences are there, and the control's height."""
    text = said(small_study())
    assert "Run `ttt` (grpo): sample fast_1" in text
    assert "the best step lies above step 0 by no more than choosing among equal steps would give" in text


def test_a_study_without_runs_says_so() -> None:
    """And everything else is there."""
    text = said(small_study(has_runs=False))
    assert "The study has no adaptation runs" in text and "Policy `base`" in text


def test_a_study_of_one_task_says_so() -> None:
    """Intervals over tasks say nothing then, and nothing is called outside."""
    records = small_study(num_tasks=1, effect=3.0)
    text = said(records)
    assert "The study has one task" in text and "of one task, which says nothing about others" in text
    found = verdicts(records, "")
    assert found and True not in found


def test_a_study_of_one_seed_says_so() -> None:
    """No spread over seeds."""
    text = said(small_study(num_seeds=1))
    assert "The study has one seed" in text
    assert "The study has one seed" not in said(small_study())


def test_a_study_without_correct_samples_says_so() -> None:
    """Nothing to choose from, and no claim."""
    failed = [make_scored(idx, None, task_id=task_id) for task_id in ("l0_p001", "l0_p002") for idx in (0, 1)]
    text = said(Records(scored=failed))
    assert "0 of 4 samples are correct, in 0 of 0 tasks" in text
    assert "no strategy has anything to choose from" in text


def test_a_study_without_log_probabilities_says_so() -> None:
    """Strategies and comparison are missing for one reason."""
    records = small_study(has_runs=False)
    records.scored = [
        one.model_copy(update={"sample": one.sample.model_copy(update={"policy_logprobs_T": None})})
        for one in records.scored
    ]
    text = said(records)
    reason = "Not available: `confidence`, `surprisal`, `surprisal_top_m`: policy base gives no log-probabilities"
    assert reason in text
    assert "Whether surprisal beats confidence for `base` cannot be said: no log-probabilities" in text


def test_a_study_without_the_control_says_so() -> None:
    """No number can then be read against the noise floor."""
    assert "The identity control was left out" in said(small_study(has_control=False, has_runs=False))


def test_a_control_that_never_passes_is_called_a_fault() -> None:
    """The reference judged wrong by its own judge is the first thing to know."""
    records = small_study(num_tasks=1, has_control=False, has_runs=False)
    records.scored.append(make_scored(0, None, policy_id="identity"))
    assert "passed nowhere (wrong_values)" in said(records)


def test_nothing_lies_above_a_noise_floor_that_was_not_measured() -> None:
    """A control that never passes has success 0, which any policy would beat."""
    records = small_study(num_tasks=6, effect=2.5, has_control=False)
    records.scored += [make_scored(idx, None, task_id="l0_p001", policy_id="identity") for idx in range(4)]
    study = records.study()
    tables = tables_of(study, CFG, SelectionSettings())
    for name in ("selection", "scaling", "methods", "regimes"):
        assert not any(
            isinstance(row[column], float | Interval)
            for row in tables[name].rows
            for column in row
            if "identity" in column
        )
    text = said(records)
    assert "noise floor" not in text and "the control's" not in text
    assert "so that noise was not measured" in tables["selection"].to_markdown()
    first, *others = headlines(study, tables, CFG)
    assert "something is wrong with the judge" in first.text
    assert not any(one.is_outside for one in others)


def test_tasks_on_which_the_control_never_passes_are_named() -> None:
    """What is claimed there rests on the other tasks' noise."""
    records = small_study(num_tasks=2, has_runs=False)
    kept = [one for one in records.scored if (one.sample.policy_id, one.sample.task_id) != ("identity", "l0_p002")]
    records.scored = [*kept, make_scored(0, None, task_id="l0_p002", policy_id="identity")]
    assert "It never passed on `l0_p002`, where noise is not known." in said(records)


def test_what_the_sandbox_lacked_is_said_once() -> None:
    """Of two kernels in three, whatever each lacked."""
    records = Records(scored=samples_of([2.0, 1.0, 0.5]))
    for place, missing in enumerate([("landlock (ENOSYS)",), ("landlock (ENOSYS)", "own user (EACCES)")]):
        one = records.scored[place]
        report = SandboxReport(applied=(), missing=missing)
        records.scored[place] = one.model_copy(
            update={"evaluation": one.evaluation.model_copy(update={"sandbox": report})}
        )
    sentence = "The sandbox of 2 of 3 kernels was without landlock (ENOSYS), own user (EACCES), which"
    assert said(records).count(sentence) == 1
    assert "sandbox" not in said(Records(scored=samples_of([2.0])))


def test_samples_that_were_lost_since_they_were_chosen_from_are_missed() -> None:
    """Two of eight of one cell; a whole study is missed nothing."""
    study = small_study(num_tasks=2, has_runs=False).study()
    tables = tables_of(study, CFG, SelectionSettings())
    assert not any("missing" in one.text for one in headlines(study, tables, CFG))
    frame = study.samples
    is_lost = (frame["policy_id"] == "base") & (frame["task_id"] == "l0_p002") & (frame["sample_idx"] >= 6)
    cut = replace(study, samples=frame[~(is_lost & (frame["seed"] == 1))])
    (text,) = [one.text for one in headlines(cut, tables, CFG) if "missing" in one.text]
    assert text == "Samples are missing, run the workflow again: l0_p002 of `base`, seed 1, has 6 of 8."
