"""Simulated studies: the rule's false claims and its power, in small. `power_curve` has the large form."""

import numpy as np
import pytest

from kbwf.metrics.simulate import (
    NOISE,
    REPEATS,
    Design,
    claim_rates,
    paper_effect,
    power_curve,
    quirks,
    simulate_study,
)


def test_noise_is_seldom_called_an_effect_although_the_means_say_so_often() -> None:
    """100 studies of 20 tasks: at most 5 claims, where comparing means makes one in nearly every other study."""
    rates = claim_rates(Design(20), NOISE, num_studies=100, seed=1)
    assert rates.decision <= 0.05
    assert 0.3 < rates.naive_success < 0.6
    assert 0.35 < rates.naive_speedup < 0.65
    assert rates.surprisal_success == pytest.approx(0.5, abs=0.05)


def test_an_effect_of_the_published_size_is_found_with_twenty_tasks() -> None:
    """40 studies of 20 tasks, 64 samples and 2 seeds: at least 90 % find it; five tasks hardly ever do."""
    rates = power_curve([5, 20], num_studies=40, seed=1)
    assert rates[20].decision >= 0.9
    assert rates[5].decision < 0.2
    assert rates[20].surprisal_success == pytest.approx(0.8, abs=0.03)
    assert rates[20].confidence_success == pytest.approx(0.5, abs=0.03)


def test_a_study_is_of_its_design() -> None:
    """Tasks, seeds and samples as asked for, all correct under noise, some failed with an effect."""
    design = Design(num_tasks=3, num_samples=10, num_seeds=2)
    noise = simulate_study(design, NOISE, np.random.default_rng(0))
    assert [[len(cell) for cell in task] for task in noise.surprisals_P_S_K] == [[10, 10]] * 3
    assert noise.measurements_P_S_K is None
    speedups = np.array(noise.speedups_P_S_K)
    assert 0.9 < speedups.min() < speedups.max() < 1.1
    effect = simulate_study(design, paper_effect(10), np.random.default_rng(0))
    assert sum(len(cell) for task in effect.speedups_P_S_K for cell in task) < 60


def test_the_seed_decides_the_study() -> None:
    """The same seed, the same rates; another seed, another study."""
    assert claim_rates(Design(5, 8), NOISE, 5, 0) == claim_rates(Design(5, 8), NOISE, 5, 0)
    first, second = (simulate_study(Design(2, 4), NOISE, np.random.default_rng(seed)) for seed in (0, 1))
    assert first != second


def test_repeated_kernels_have_one_speedup_and_the_rare_ones_are_surprising() -> None:
    """Equal measurements have equal speedups and surprisals; the commonest kernel is the least surprising."""
    study = simulate_study(Design(1, 200, 2), REPEATS, np.random.default_rng(0))
    assert study.measurements_P_S_K is not None
    rows = [
        row
        for cell in zip(study.measurements_P_S_K[0], study.speedups_P_S_K[0], study.surprisals_P_S_K[0], strict=True)
        for row in zip(*cell, strict=True)
    ]
    assert len(set(rows)) == len({kernel for kernel, _, _ in rows}) == 12
    kernels = [kernel for kernel, _, _ in rows]
    commonest = max(kernels, key=kernels.count)
    assert {row for row in rows if row[0] == commonest} == {min(rows, key=lambda row: row[2])}


def test_quirks_of_tasks_are_the_same_under_every_seed() -> None:
    """A task's slope has one sign: its correlation of surprisal and speedup agrees between seeds, and differs between
    tasks."""
    study = simulate_study(Design(8, 2000, 2), quirks(64), np.random.default_rng(0))
    signs = [
        [np.sign(np.corrcoef(surprisals, np.log(speedups))[0, 1]) for surprisals, speedups in zip(*task, strict=True)]
        for task in zip(study.surprisals_P_S_K, study.speedups_P_S_K, strict=True)
    ]
    assert all(first == second for first, second in signs)
    assert {first for first, _ in signs} == {-1, 1}
