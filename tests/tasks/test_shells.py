"""Files that an answer writes in a shell."""

import pytest

from kbwf.tasks.shells import files_of_shell, has_heredoc


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cat <<EOF\na\nEOF", ["a"]),
        ("$ cat > k.py <<-'END' | tee x\n\ta\n\tEND\nls", ["a"]),
        ("cat <<A\na\nA\ncat <<B\nb\nB", ["a", "b"]),
        ("cat <<EOF\na", ["a"]),
        ("f <<EOF\na", []),
        ("x = a << EOF\nEOF", []),
        ("1 << 2", []),
        ("@'\na\n'@ | Out-File k.py", ["a"]),
        ("cat <<< 'a'", ["a"]),
        ("echo 'a' > k.py\necho \"b\" >> k.py", ["a\nb"]),
        ("printf '%s' 'a' > k.py", ["a"]),
        ("echo a", []),
    ],
)
def test_a_shell_writes_files(text: str, expected: list[str]) -> None:
    """Here-documents with any end word, here-strings, and quoted text that is printed."""
    assert [file.text for file in files_of_shell(text)] == expected


def test_the_file_says_whether_it_is_python() -> None:
    """A message that is printed is none, nor are notes."""
    texts = ["cat > k.py <<E\na\nE", "cat <<E\na\nE", "cat > n.txt <<E\na\nE", "echo 'a'", "echo 'a' > k.py"]
    assert [files_of_shell(text)[0].is_python for text in texts] == [True, True, False, False, True]


def test_a_shift_is_no_heredoc() -> None:
    """Nor is what a Python program writes in parentheses."""
    assert has_heredoc("cat > k.py <<'EOF'\nx\nEOF")
    assert not any(has_heredoc(text) for text in ("x = 1 << n\nn", "f(a << b)\nb", "cat <<< 'a'"))
