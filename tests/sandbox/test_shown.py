"""Which of the host's paths a candidate is shown, for the ways in which Python and its packages get installed."""

import os
import sys
import types
from pathlib import Path

import pytest

from kbwf.sandbox import shown
from kbwf.sandbox.shown import find_shown_paths, is_below, others_can_read, outermost


def find(monkeypatch: pytest.MonkeyPatch, path: list[str], private: list[Path], **environment: str) -> set[str]:
    """What is shown with this sys.path."""
    monkeypatch.setattr(sys, "path", path)
    return set(find_shown_paths(map(str, private), environment))


def make_package(folder: Path, name: str = "other") -> Path:
    """A module in a folder, as a loaded one."""
    (folder / name).mkdir(parents=True)
    file = folder / name / "__init__.py"
    file.write_text("")
    return file


def load(monkeypatch: pytest.MonkeyPatch, name: str, file: Path) -> None:
    """Pretend that a module was imported from there."""
    module = types.ModuleType(name)
    module.__file__ = str(file)
    monkeypatch.setitem(sys.modules, name, module)


def is_shown(paths: set[str], path: Path | str) -> bool:
    """Whether a path is shown, by itself or with a folder above it."""
    return any(is_below(str(path), other) for other in paths)


def test_python_the_package_and_the_system_are_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every path exists; the interpreter, the standard library, /usr, and of a checkout the package alone."""
    package = Path(shown.__file__).parents[1]
    paths = find(monkeypatch, [str(package.parent)], [tmp_path, package.parent])
    assert all(map(os.path.exists, paths))
    assert all(is_shown(paths, path) for path in (sys.executable, os.__file__, "/usr", package))
    assert not is_shown(paths, package.parent) and not is_shown(paths, package.parent / "tests")


@pytest.mark.parametrize("where", ["home/.local/lib/site-packages", "work/packages", "elsewhere/target"])
def test_folders_of_packages_are_shown_wherever_they_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, where: str
) -> None:
    """Those of `--user`, of `--target` in the working folder, of PYTHONPATH; with all in them, imported or not."""
    make_package(tmp_path / where)
    (tmp_path / where / "other-1.0.dist-info").mkdir()
    for name in ("home", "work"):
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / "key").write_text("secret")
    paths = find(monkeypatch, ["", str(tmp_path / where)], [tmp_path / "home", tmp_path / "work"])
    assert is_shown(paths, tmp_path / where / "other" / "__init__.py")
    assert not any(is_shown(paths, tmp_path / name / "key") for name in ("home", "work"))


def test_a_package_installed_beside_torch_brings_its_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`--target` puts this package among the others, which must not hide them."""
    package = make_package(tmp_path, "kbwf").parent
    (tmp_path / "kbwf-0.1.dist-info").mkdir()
    make_package(tmp_path, "torch")
    monkeypatch.setattr(shown, "__file__", str(package / "sandbox" / "shown.py"))
    assert is_shown(find(monkeypatch, [str(tmp_path)], [Path("/nowhere")]), tmp_path / "torch")


def test_of_a_working_tree_only_what_was_imported_is_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A development install of another package: its code, not its repository with whatever lies in it."""
    (tmp_path / ".git").mkdir()
    load(monkeypatch, "other", make_package(tmp_path))
    make_package(tmp_path, "unused")
    (tmp_path / "single.py").write_text("")
    load(monkeypatch, "single", tmp_path / "single.py")
    paths = find(monkeypatch, [str(tmp_path)], [Path("/nowhere")])
    assert is_shown(paths, tmp_path / "other") and is_shown(paths, tmp_path / "single.py")
    assert not is_shown(paths, tmp_path / "unused") and not is_shown(paths, tmp_path / ".git")


def test_what_an_import_hook_found_elsewhere_is_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A development install need not be on sys.path; of a package without a file of its own, the top folder."""
    load(monkeypatch, "hooked", make_package(tmp_path, "hooked"))
    load(monkeypatch, "space.inner", make_package(tmp_path, "space/inner"))
    load(monkeypatch, "space.inner.module", tmp_path / "space" / "inner" / "module.py")
    paths = find(monkeypatch, [], [Path("/nowhere")])
    assert {str(tmp_path / "hooked"), str(tmp_path / "space")} <= paths and not is_shown(paths, tmp_path)


def test_neither_home_nor_what_holds_it_is_ever_shown_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On sys.path or LD_LIBRARY_PATH, with packages in it, as the prefix: what was imported from there is all."""
    home = tmp_path / "home"
    load(monkeypatch, "other", make_package(home))
    (home / "other-1.0.dist-info").mkdir()
    (home / "lib" / "python").mkdir(parents=True)
    library = f"{home}:{tmp_path}:{home}/lib:relative:"
    monkeypatch.setattr(sys, "exec_prefix", str(home))
    monkeypatch.setattr(shown.sysconfig, "get_paths", lambda vars: {"stdlib": f"{vars['base']}/lib/python"})  # noqa: A006
    paths = find(monkeypatch, [str(home), str(tmp_path)], [home], LD_LIBRARY_PATH=library)
    assert is_shown(paths, home / "other") and is_shown(paths, home / "lib")
    assert not is_shown(paths, home) and not is_shown(paths, tmp_path)


def test_compilers_bring_their_toolkit_and_nothing_beside_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """nvcc of a module system with its whole toolkit, ninja of a home alone; CUDA_HOME if there is an nvcc in it."""
    for program in ("cuda/bin/nvcc", "home/.local/bin/ninja", "other/bin/nvcc"):
        (tmp_path / program).parent.mkdir(parents=True)
        (tmp_path / program).write_text("#!/bin/sh\n")
        (tmp_path / program).chmod(0o755)
    (tmp_path / "cuda" / "nvvm").mkdir()
    (tmp_path / "home" / ".local" / "share").mkdir()
    paths = find(
        monkeypatch, [], [tmp_path / "home"],
        PATH=f"{tmp_path}/cuda/bin:{tmp_path}/home/.local/bin", CUDA_HOME=str(tmp_path / "other"),
    )  # fmt: skip
    assert {str(tmp_path / path) for path in ("cuda", "home/.local/bin/ninja", "other")} <= paths
    assert not is_shown(paths, tmp_path / "home" / ".local" / "share")


@pytest.mark.parametrize(
    ("folder_mode", "file_mode", "expected"),
    [(0o755, 0o644, True), (0o700, 0o600, False), (0o755, 0o600, False), (0o750, 0o644, False)],
)
def test_whether_others_can_read_what_was_imported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, folder_mode: int, file_mode: int, expected: bool
) -> None:
    """A file or a folder that a umask of 077 or 027 left to its owner and group is enough to say no."""
    file = make_package(tmp_path)
    load(monkeypatch, "other", file)
    file.chmod(file_mode)
    file.parent.chmod(folder_mode)
    tmp_path.chmod(0o755)
    assert others_can_read([str(tmp_path)]) is expected
    assert others_can_read([str(tmp_path / "nothing imported from here")])


@pytest.mark.parametrize(("mode", "expected"), [(0o755, True), (0o700, False), (0o750, False)])
@pytest.mark.parametrize("closed", ["", "other"], ids=["folder", "package"])
def test_whether_others_can_read_what_a_kernel_may_import(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, closed: str, mode: int, expected: bool
) -> None:
    """Of `--user` and `--target` with a umask of 077 or 027; nobody has imported it yet."""
    make_package(tmp_path / "packages")
    for path in (tmp_path / "packages", tmp_path / "packages/other"):
        path.chmod(0o755)
    (tmp_path / "packages" / closed).chmod(mode)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "packages"), str(tmp_path / "missing"), ""])
    assert others_can_read([str(tmp_path / "packages")]) is expected
    assert others_can_read(["/nowhere"])


def test_the_outermost_of_some_paths() -> None:
    """Each once, and none within another; a common beginning of a name is no folder."""
    assert outermost(["/a/b", "/a", "/ab", "/a", "/c/d/e", "/c/d"]) == ["/a", "/ab", "/c/d"]
    assert is_below("/a", "/a") and is_below("/a/b", "/a") and not is_below("/ab", "/a") and is_below("/a", "/")
