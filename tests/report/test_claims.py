"""How often the report claims an effect where there is none, and where there is one of the published size."""

import numpy as np
import pandas as pd

from kbwf.metrics.decision import Decision
from kbwf.metrics.simulate import NOISE, Design, Study, World, paper_effect, simulate_study
from kbwf.report.surprisal_table import decision_of


def frame_of_study(study: Study) -> pd.DataFrame:
    """Correct samples as the report has them."""
    rows = []
    for task, (surprisals_S_K, speedups_S_K) in enumerate(
        zip(study.surprisals_P_S_K, study.speedups_P_S_K, strict=True)
    ):
        for seed, cell in enumerate(zip(surprisals_S_K, speedups_S_K, strict=True)):
            for idx, (surprisal, speedup) in enumerate(zip(*cell, strict=True)):
                rows.append((f"l0_p{task:03d}", seed, True, surprisal, speedup, f"{task} {seed} {idx}"))
    names = ["task_id", "seed", "is_correct", "surprisal_nats", "speedup", "kernel_sha256"]
    return pd.DataFrame(rows, columns=names)


def claims(design: Design, world: World, num_studies: int) -> tuple[int, int]:
    """Studies of which the report says that surprisal beats confidence, and in which its mean success is higher."""
    rng = np.random.default_rng(0)
    decisions = [decision_of(frame_of_study(simulate_study(design, world, rng))) for _ in range(num_studies)]
    known = [one for one in decisions if isinstance(one, Decision)]
    assert len(known) == num_studies
    return sum(one.is_shown for one in known), sum(one.surprisal_success > one.confidence_success for one in known)


def test_of_100_studies_of_noise_at_most_5_are_called_an_effect() -> None:
    """The reference against itself, 20 tasks, 2 seeds: means compared naively claim it in nearly every other."""
    shown, naive = claims(Design(20, num_samples=16), NOISE, 100)
    assert shown <= 5
    assert naive >= 30


def test_an_effect_of_the_published_size_is_found() -> None:
    """20 tasks, 64 samples, 2 seeds: in at least 18 of 20 studies."""
    shown, _ = claims(Design(20), paper_effect(64), 20)
    assert shown >= 18
