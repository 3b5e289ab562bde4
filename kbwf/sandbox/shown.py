"""What a candidate may see of the host's files: the system's programs, Python with its packages, the GPU's libraries.

Nothing is shown because it is there, only because one of these needs it; so homes, working folders and other people's
mounts need not be known to be left out.
"""

import glob
import os
import shutil
import stat
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

_SYSTEM = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store", "/gnu/store", "/run/opengl-driver",
    "/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime",
    "/sys/bus", "/sys/class", "/sys/dev", "/sys/devices", "/sys/kernel/mm", "/sys/module",
)  # fmt: skip
_TOOLKITS = ("/opt/cuda*", "/opt/nvidia/hpc_sdk")
_COMPILERS = ("nvcc", "gcc", "g++", "c++", "clang", "clang++", "ninja")
_MARKS_OF_A_TOOLKIT = ("nvvm", "lib/gcc", "lib64/gcc", "lib/clang")
_MARKS_OF_PACKAGES = ("*.dist-info", "EGG-INFO")
_LATE_MODULES = ("triton",)
"""Imported by kernels, and not by the launcher."""


def find_shown_paths(private: Iterable[str], environment: Mapping[str, str]) -> tuple[str, ...]:
    """The paths that this process's Python, its compilers and its GPU's libraries need; each exists.

    Args:
        private: home, working folder and the like. Neither they nor what holds them is shown, whatever names them.
        environment: PATH, LD_LIBRARY_PATH, CUDA_HOME and CUDA_PATH say where compilers and libraries are.
    """
    kept_out = [os.path.realpath(folder) for folder in private]
    paths = [path for path in (*_SYSTEM, *_globbed(_TOOLKITS)) if os.path.exists(path)]
    for found in (_python(kept_out), _compilers(environment), _libraries(environment), _loaded_files(paths)):
        paths += [path for path in found if os.path.exists(path) and not _holds(path, kept_out)]
    return tuple(outermost(path.rstrip("/") for path in paths))


def others_can_read(paths: Iterable[str]) -> bool:
    """Whether any user can read what this process imported from there, and what a kernel may import; with a umask of
    077 they could not."""
    roots = [os.path.realpath(path) for path in paths]
    seen: set[str] = set()
    if not all(map(_is_open, _importable(roots))):
        return False
    for module in list(sys.modules.values()):
        path = os.path.realpath(getattr(module, "__file__", None) or "/")
        root = next((root for root in roots if is_below(path, root)), None)
        while root is not None and path not in seen:
            seen.add(path)
            if os.path.exists(path) and not _is_open(path):
                return False
            if path == root:
                break
            path = os.path.dirname(path)
    return True


def _importable(roots: list[str]) -> Iterator[str]:
    """Folders of packages, and the packages in them; modules within were installed with the same umask."""
    for entry in filter(os.path.isdir, filter(None, sys.path)):
        folder = os.path.realpath(entry)
        if any(is_below(folder, root) for root in roots):
            yield folder
            for name in os.listdir(folder) if os.access(folder, os.R_OK) else []:
                path = os.path.join(folder, name)
                if name.isidentifier() and name != "__pycache__" and os.path.isdir(path):
                    yield path


def _is_open(path: str) -> bool:
    needed = stat.S_IROTH | stat.S_IXOTH if os.path.isdir(path) else stat.S_IROTH
    return os.stat(path).st_mode & needed == needed


def others_can_pass(paths: Iterable[str]) -> bool:
    """Whether any user can get to these paths through the folders above them."""
    folders = {str(folder) for path in paths for folder in Path(os.path.realpath(path)).parents}
    return all(os.stat(folder).st_mode & stat.S_IXOTH for folder in folders)


def is_below(path: str, folder: str) -> bool:
    """Whether a path is the folder or in it; both absolute."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _holds(path: str, private: list[str]) -> bool:
    return any(is_below(folder, os.path.realpath(path)) for folder in private)


def _python(private: list[str]) -> Iterator[str]:
    prefixes = {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix}
    for prefix in prefixes:
        if _holds(prefix, private):  # built with the home as its prefix
            yield from (sysconfig.get_paths(vars={"base": prefix, "platbase": prefix})).values()
        else:
            yield prefix
    yield sys.executable
    yield os.path.realpath(sys.executable)
    package = Path(__file__).resolve().parents[1]
    yield str(package)
    checkout = ""
    for entry in filter(None, sys.path):
        holds_packages = bool(_globbed(f"{glob.escape(entry)}/{mark}" for mark in _MARKS_OF_PACKAGES))
        is_checkout = Path(entry).resolve() == package.parent and not holds_packages
        if holds_packages or not (is_checkout or os.path.exists(f"{entry}/.git")):
            yield entry
        checkout = entry if is_checkout else checkout
        yield from (os.path.join(entry, name) for name in _LATE_MODULES)
    yield from (path for path in _imported() if not checkout or not is_below(path, checkout))


def _imported() -> set[str]:
    """The top folder, or the file, of every module that this process imported, wherever an import hook found it."""
    found = set()
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file is not None and name != "__main__":
            is_package = os.path.basename(file).startswith("__init__.")
            levels = name.count(".") + is_package
            found.add(file.rsplit("/", levels)[0] if levels else file)
    return found


def _compilers(environment: Mapping[str, str]) -> Iterator[str]:
    for variable in ("CUDA_HOME", "CUDA_PATH"):
        if os.path.exists(os.path.join(environment.get(variable, "/nowhere"), "bin/nvcc")):
            yield environment[variable]
    for name in _COMPILERS:
        program = shutil.which(name, path=environment.get("PATH"))
        if program is not None:
            folder = str(Path(program).resolve().parents[1])
            has_mark = any(os.path.exists(f"{folder}/{mark}") for mark in _MARKS_OF_A_TOOLKIT)
            yield from (program, os.path.realpath(program), *([folder] if has_mark else []))


def _libraries(environment: Mapping[str, str]) -> Iterator[str]:
    yield from (path for path in environment.get("LD_LIBRARY_PATH", "").split(":") if path.startswith("/"))
    for name in ("/etc/ld.so.conf", *_globbed(["/etc/ld.so.conf.d/*.conf"])):
        if os.path.isfile(name):
            lines = Path(name).read_text(errors="surrogateescape").splitlines()
            yield from (line.strip() for line in lines if line.startswith("/"))


def _loaded_files(paths: list[str]) -> Iterator[str]:
    """Libraries that this process took from anywhere else, each by itself."""
    for line in Path("/proc/self/maps").read_text(errors="surrogateescape").splitlines():
        path = line[line.index("/") :] if "/" in line else ""
        if os.path.isfile(path) and not any(is_below(path, other) for other in (*paths, "/dev", "/proc")):
            yield path


def outermost(paths: Iterable[str]) -> list[str]:
    """These paths without those that lie in another of them, and each once."""
    kept: list[str] = []
    for path in sorted(dict.fromkeys(paths), key=lambda path: path.count("/")):
        if not any(is_below(path, other) for other in kept):
            kept.append(path)
    return kept


def _globbed(patterns: Iterable[str]) -> list[str]:
    return [path for pattern in patterns for path in sorted(glob.glob(pattern))]
