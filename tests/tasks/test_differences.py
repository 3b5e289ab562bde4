"""Answers that are differences to the reference."""

import pytest

from kbwf.tasks.differences import new_side

REFERENCE = "a\n    b\n    c\nd\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-    b\n+    x\n+    y", "a\n    x\n    y\n    c\nd\n"),
        ("-b\n+x", "a\n    x\n    c\nd\n"),
        ("--- a/m\n+++ b/m\n@@ -1,3 +1,3 @@\n a\n-    b\n+    x\n     c", "a\n    x\n    c\nd\n"),
        ("@@\n-a\n+x\n@@\n-d\n+y", "x\n    b\n    c\ny\n"),
        ("So:\n\n-    b\n+    x\nDone.", "a\n    x\n    c\nd\n"),
        ("<<<<<<< SEARCH\n    b\n=======\n    x\n>>>>>>> REPLACE", "a\n    x\n    c\nd\n"),
        ("*** Begin Patch\n-    b\n+    x\n*** End Patch", "a\n    x\n    c\nd\n"),
        ("-not there\n+x\n y", "x\ny"),
        ("- a list\n- of things", None),
        ("+ a list\n+ of things", None),
        ("-    b", None),
        ("no difference", None),
    ],
)
def test_a_difference_gives_the_changed_reference(text: str, expected: str | None) -> None:
    """Wherever its lines are indented to; its new lines alone if it does not fit."""
    assert new_side(text, "", REFERENCE) == expected


def test_a_block_that_is_marked_as_one_may_hold_new_lines_alone() -> None:
    """Without the mark they are a list."""
    assert new_side("+x\n+y", "diff", REFERENCE) == "x\ny"
    assert new_side("+x\n+y", "", REFERENCE) is None
