"""Whether surprisal beats confidence: effect sizes, the paper's tests, and the rule that a claim rests on.

Axes: P tasks, S seeds, K correct samples, N pairs of task and seed.
"""

import numpy as np
import pandas as pd

from kbwf.metrics.decision import Decision, surprisal_beats_confidence
from kbwf.metrics.effects import cohens_h, sign_test, speedup_ratio, wilcoxon_log_ratios
from kbwf.metrics.permutation import NullBand, null_band, surprising_minus_confident
from kbwf.metrics.statistics import Missing, bootstrap_mean
from kbwf.records import CONTROL
from kbwf.report.published import published, rate
from kbwf.report.study import Study, correct_only, measurements_of, surprisals_of
from kbwf.report.table import Band, Cell, Column, Row, Table, band_column, interval_column, is_outside
from kbwf.settings import ReportSettings


def surprisal_table(study: Study, cfg: ReportSettings) -> Table:
    """Surprisal against confidence: effect sizes, the published tests, and the two questions a claim rests on."""
    rows: list[Row] = []
    identity = _comparison(study.control, cfg)
    for policy_id in study.shown_policies:
        ours = identity if policy_id == CONTROL else _comparison(study.of_policy(policy_id), cfg)
        for name, (title, theirs) in _COMPARISONS.items():
            rows.append(
                {"policy": policy_id, "measure": title, "value": ours[name], "identity": identity[name]}
                | {"published": theirs}
            )
    band = [_difference_band(study.of_policy(policy_id), cfg) for policy_id in study.shown_policies]
    for row in rows:
        of_policy = band[study.shown_policies.index(str(row["policy"]))]
        is_difference = row["measure"] == _COMPARISONS["difference"][0]
        row["chance"] = Band(of_policy.low, of_policy.high) if is_difference and of_policy else None
        row["is_outside"] = is_outside(row["value"], row["chance"])
    return Table(
        "Surprisal against confidence",
        "Of each task and seed the most surprising and the most confident correct sample. The tests of the paper take"
        " pairs of one task under several seeds as independent, which they are not: no claim rests on them. A claim"
        " needs both exact questions: could the labels be anybody's (at most 0.025), and would other tasks agree (at"
        " most 0.05)? Wilcoxon is two-sided, all other tests one-sided. The control's surprisals are all equal, so"
        " that its two choices are one.",
        (
            Column("policy", "policy"),
            Column("measure", "measure"),
            interval_column("value", "ours", 3),
            interval_column("identity", "identity", 3),
            band_column("chance", "permuted labels", 3),
            Column("is_outside", "outside"),
            Column("published", "published", 3),
        ),
        rows,
    )


_STATISTICS = published()["selection_statistics"]
_COMPARISONS: dict[str, tuple[str, Cell]] = {
    "surprisal": ("success of surprisal", rate(published()["selection"]["surprisal"]["fast_1"])),
    "confidence": ("success of confidence", rate(published()["selection"]["confidence"]["fast_1"])),
    "difference": ("difference of success", 0.3),
    "cohens_h": ("Cohen's h", _STATISTICS["cohens_h"]),
    "num_pairs": ("pairs of task and seed", _STATISTICS["pairs"]),
    "num_for": ("only surprisal succeeds", _STATISTICS["discordant"]),
    "num_against": ("only confidence succeeds", 0),
    "sign_p": ("exact sign test, p", _STATISTICS["sign_p"]),
    "ratio": ("speedup ratio, geometric mean", None),
    "wilcoxon_w": ("Wilcoxon, W", _STATISTICS["wilcoxon_w"]),
    "wilcoxon_p": ("Wilcoxon, p", _STATISTICS["wilcoxon_p"]),
    "labels_p": ("could the labels be anybody's, p", None),
    "tasks_p": ("would other tasks agree, p", None),
    "is_shown": ("surprisal beats confidence", None),
}
"""What the rows are called, and the paper's number. Its difference and its pairs against follow from the others."""


def decision_of(frame: pd.DataFrame) -> Decision | Missing:
    """Whether surprisal beats confidence in a policy's samples."""
    if frame.empty:
        return Missing("no samples")
    successes = correct_only(frame.assign(success=frame["speedup"] > 1), "success")
    return surprisal_beats_confidence(surprisals_of(frame), successes, measurements_of(frame))


def _comparison(frame: pd.DataFrame, cfg: ReportSettings) -> Row:
    decision = decision_of(frame)
    if isinstance(decision, Missing):
        return dict.fromkeys(_COMPARISONS, decision)
    surprisals_P_S_K = surprisals_of(frame)
    assert surprisals_P_S_K is not None, "there is a decision"
    ours_P_S: list[list[float]] = []
    theirs_P_S: list[list[float]] = []
    for surprisals_S_K, speedups_S_K in zip(surprisals_P_S_K, correct_only(frame, "speedup"), strict=True):
        cells = [cell for cell in zip(surprisals_S_K, speedups_S_K, strict=True) if cell[0]]
        ours_P_S.append([speedups[int(np.argmax(surprisals))] for surprisals, speedups in cells])
        theirs_P_S.append([speedups[int(np.argmin(surprisals))] for surprisals, speedups in cells])
    settings = (cfg.num_resamples, cfg.bootstrap_seed, cfg.confidence_level)
    ours_N, theirs_N = ([speedup for seeds in side for speedup in seeds] for side in (ours_P_S, theirs_P_S))
    wilcoxon = wilcoxon_log_ratios(ours_N, theirs_N)
    return {
        "surprisal": decision.surprisal_success,
        "confidence": decision.confidence_success,
        "difference": bootstrap_mean(decision.differences_P_S, *settings),
        "cohens_h": cohens_h(decision.surprisal_success, decision.confidence_success),
        "num_pairs": sum(map(len, decision.differences_P_S)),
        "num_for": decision.num_for,
        "num_against": decision.num_against,
        "sign_p": sign_test(decision.num_for, decision.num_against).p_value,
        "ratio": speedup_ratio(ours_P_S, theirs_P_S, *settings),
        "wilcoxon_w": wilcoxon if isinstance(wilcoxon, Missing) else wilcoxon.statistic,
        "wilcoxon_p": wilcoxon if isinstance(wilcoxon, Missing) else wilcoxon.p_value,
        "labels_p": decision.labels_p,
        "tasks_p": decision.tasks_p,
        "is_shown": decision.is_shown,
    }


def _difference_band(frame: pd.DataFrame, cfg: ReportSettings) -> NullBand | None:
    successes = correct_only(frame.assign(success=(frame["speedup"] > 1).astype(float)), "success")
    band = null_band(
        surprisals_of(frame), successes, measurements_of(frame), surprising_minus_confident, cfg.num_resamples,
        cfg.bootstrap_seed, cfg.confidence_level,
    )  # fmt: skip
    return None if isinstance(band, Missing) else band
