"""What names a sample and its evaluation."""

from kbwf.records import Origin, SampleSet
from tests.builders import make_evaluation, make_sample


def test_a_sample_and_its_evaluation_have_one_origin() -> None:
    """Equal as values, whichever record they come from; another index is another origin of the same set."""
    sample, evaluation = make_sample(3, seed=1), make_evaluation(3, seed=1)
    origin = Origin(task_id="l0_p001", policy_id="base", seed=1, sample_idx=3)
    assert sample.origin == evaluation.origin == origin
    assert make_sample(4, seed=1).origin != origin
    assert make_sample(4, seed=1).sample_set == origin.sample_set == SampleSet("l0_p001", "base", 1)


def test_an_origin_reads_well_in_a_message() -> None:
    """Task, policy, seed and index."""
    assert str(make_sample(3).origin) == "l0_p001, policy base, seed 0, sample 3"
    assert str(make_sample(3).sample_set) == "l0_p001, policy base, seed 0"
