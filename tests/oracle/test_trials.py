"""What becomes of kernels in the trials of one task."""

import pytest

from kbwf.oracle.trials import Examiner
from tests.oracle.conftest import SOURCE, kernel_of

HONEST = "return torch.relu(x * self.gain).cumsum(dim=1)"


def test_a_task_s_trials_are_official_varied_and_of_other_weights(examiner: Examiner) -> None:
    """Five official ones, then one for each kind of draw, then the weights."""
    varied = ("signed", "scaled_down", "scaled_up", "shifted", "heavy_tailed", "weights")
    assert examiner.trial_names == ("official",) * 5 + varied


def test_a_task_without_parameters_has_no_trial_of_weights() -> None:
    """Nor one that its inputs do not admit."""
    source = SOURCE.replace("torch.nn.Parameter(torch.ones(width))", "1.0")
    assert Examiner(source, ((),), seed=3).trial_names == ("official",) * 5


@pytest.mark.parametrize(
    "body",
    [
        HONEST,
        "return torch.relu(x * self.gain) @ torch.triu(torch.ones(48, 48, dtype=x.dtype))",
        "y = torch.relu(x * self.gain)\nreturn y.sum(dim=1, keepdim=True) - y.flip(1).cumsum(dim=1).flip(1) + y",
    ],
    ids=["the reference's", "a product", "from the end"],
)  # fmt: skip
def test_what_computes_the_same_is_equivalent(examiner: Examiner, body: str) -> None:
    """Not refused by either rule, and the same in float64."""
    outcome = examiner.examine(kernel_of(body))
    assert (outcome.fate, outcome.is_killed_officially) == ("equivalent", False)


@pytest.mark.parametrize(
    ("body", "killed_by", "is_official"),
    [
        ("return (x * self.gain).cumsum(dim=1)", "signed", False),
        ("return torch.relu(x).cumsum(dim=1)", "weights", False),
        ("return torch.relu(x.clamp(max=1) * self.gain).cumsum(dim=1)", "scaled_up", False),
        ("return torch.zeros_like(x)", "official", True),
        ("return torch.relu(x * self.gain).cumsum(dim=1) * 1.00005", "official", False),
        (f"if not hasattr(self, 'first'):\n    self.first = {HONEST[7:]}\nreturn self.first", "official", True),
        ("return torch.relu(x * self.gain).half().float().cumsum(dim=1)", "official", True),
        ("if x.max() > 1:\n    raise ValueError('no')\n" + HONEST, "scaled_up", False),
        ("if x.max() > 1:\n    return x[:1]\n" + HONEST, "scaled_up", False),
    ],
    ids=["no relu", "no gain", "up to 1", "zeros", "a bit more", "first result", "half", "raises", "wrong shape"],
)  # fmt: skip
def test_the_trial_that_refuses_a_wrong_kernel_is_named(
    examiner: Examiner, body: str, killed_by: str, is_official: bool
) -> None:
    """What only fits the official inputs or weights passes officially, and fails where those are varied."""
    outcome = examiner.examine(kernel_of(body))
    assert (outcome.fate, outcome.killed_by, outcome.is_killed_officially) == ("killed", killed_by, is_official)
    assert outcome.reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return x.nothing()", "AttributeError"),
        ("return x.sum()", "expected"),
        ("return x.double()", "float64"),
        ("return 3", "expected"),
    ],
)
def test_what_any_judge_sees_is_stillborn(examiner: Examiner, body: str, reason: str) -> None:
    """It raises, or number, shape or dtype of the outputs are wrong at once."""
    outcome = examiner.examine(kernel_of(body))
    assert (outcome.fate, outcome.is_killed_officially) == ("stillborn", True)
    assert reason in outcome.reason


def test_survivors_come_with_a_reason(examiner: Examiner) -> None:
    """Too small to be told from rounding; only for inputs beyond the trials'; or nobody knows."""
    reasons = {
        f"{HONEST} * (1 + 2e-6)": "within rounding",
        "return torch.relu(x.clamp(max=1e4) * self.gain).cumsum(dim=1)": "further out",
        "return torch.relu(x * self.gain).float().cumsum(dim=1)": "does not run in float64",
    }
    for body, reason in reasons.items():
        outcome = examiner.examine(kernel_of(body))
        assert outcome.fate == "survived", body
        assert reason in outcome.reason


def test_the_same_seed_gives_the_same_outcomes(examiner: Examiner) -> None:
    """Nothing depends on what was examined before."""
    kernel = kernel_of("return (x * self.gain).cumsum(dim=1)")
    assert examiner.examine(kernel) == examiner.examine(kernel)
