"""From an offer to a whole file."""

import pytest

from kbwf.settings import TaskSettings
from kbwf.tasks.kernel_file import parts_of
from kbwf.tasks.offers import offer_of
from kbwf.tasks.placement import place, place_file
from kbwf.tasks.python_text import read
from kbwf.tasks.sources import load_task
from tests.tasks.answers_of_models import BODY, CLASS, FILE

TASK = load_task(TaskSettings(), 1)
HEAD = "class ModelNew(Model):\n    def forward(self, d, A):\n"


def placed(text: str) -> str:
    """What follows the reference in style forward_body."""
    source, not_taken = place(offer_of(read(text), TASK, "forward_body"), [], TASK)
    assert not_taken == []
    assert source.startswith(TASK.reference_source)
    return source.removeprefix(TASK.reference_source).strip("\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"# why\n{BODY}", f"{HEAD}        {BODY}"),
        (f"x = 1  # why\n{BODY}", f"{HEAD}        x = 1  # why\n        {BODY}"),
        (f"import a\nx = 1\nimport b\n{BODY}", f"import a\n\n\n{HEAD}        x = 1\n        import b\n        {BODY}"),
        (f"def forward(d, A):\n  # why\n  {BODY}", f"{HEAD}        {BODY}"),
        ("def forward(s, x, y):\n    return x", f"{HEAD}        s, x, y = self, d, A\n        return x"),
        (CLASS, f"{HEAD}        {BODY}"),
        (CLASS.replace("ModelNew", "Fast"), f"{HEAD}        {BODY}"),
        (CLASS.replace("nn.Module", "Base"), CLASS.replace("nn.Module", "Base").strip()),
        (
            f"class ModelNew(nn.Module):\n    k = 1\n\n    # why\n    def forward(self, d, A):\n        {BODY}  # why",
            f"class ModelNew(Model):\n    k = 1\n\n    def forward(self, d, A):\n        {BODY}  # why",
        ),
        (
            f"@torch.no_grad()\ndef forward(self, d, A, k=1):\n    {BODY}",
            f"class ModelNew(Model):\n    @torch.no_grad()\n    def forward(self, d, A, k=1):\n        {BODY}",
        ),
        (f"s = '''\n a'''\n{BODY}", HEAD.replace(":\n", ":\n\n", 1) + f"        s = '\\n a'\n        {BODY}"),
    ],
)
def test_an_offer_becomes_the_forward_of_model_new(text: str, expected: str) -> None:
    """With its comments where its lines can stay, and with the reference's parameters where they fit."""
    assert placed(text) == expected


def test_helpers_of_other_blocks_come_first() -> None:
    """Before what the block itself has beside `forward`."""
    helpers = parts_of("def f(x):\n    return x", read("def f(x):\n    return x").tree.body)
    source, _ = place(
        offer_of(read(f"K = 1\ndef forward(self, d, A):\n    {BODY}"), TASK, "forward_body"), helpers, TASK
    )
    assert source.index("def f(x)") < source.index("K = 1") < source.index("class ModelNew")


def test_a_file_stays_as_it_is_unless_it_needs_the_reference() -> None:
    """Text and all; another class gets the name."""
    own = FILE + "# why\n"
    assert place_file(offer_of(read(own), TASK, "model_new"), [], TASK) == own
    inherits = CLASS.replace("nn.Module", "Model")
    assert (
        place_file(offer_of(read(inherits), TASK, "model_new"), [], TASK) == TASK.reference_source + "\n\n" + inherits
    )
    other = FILE.replace("ModelNew", "Fast")
    assert place_file(offer_of(read(other), TASK, "model_new"), [], TASK) == other + "\n\nModelNew = Fast\n"
