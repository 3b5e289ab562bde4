"""The defences in the order in which they are applied, and how a host gets those that it lacks.

The first half comes before a GPU is touched, in three processes one after the other; the second when the judge's
buffers are open and before the kernel's source arrives. A CUDA IPC handle cannot be opened as another user, and what
holds one thread only must be over it before a GPU's driver starts others.
"""

import errno
import functools
import os
import signal
import tempfile
from collections.abc import Callable
from dataclasses import dataclass

from kbwf.sandbox import cores, identity, landlock, limits, namespaces, root, seccomp
from kbwf.sandbox.cgroup import KINDS, Group, Groups
from kbwf.sandbox.confinement import Confinement, Report
from kbwf.sandbox.linux import signal_on_parents_death
from kbwf.sandbox.shown import others_can_pass

_ROOT_OR_USER_NAMESPACES = (
    "run as root, or allow user namespaces (sysctl user.max_user_namespaces > 0, kernel.unprivileged_userns_clone=1,"
    " kernel.apparmor_restrict_unprivileged_userns=0); in a container: --cap-add SYS_ADMIN --security-opt"
    " seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined"
)
_CGROUPS = (
    "start under `systemd-run --user --scope`, or as root; in a container, mount /sys/fs/cgroup writable. Until then"
    " memory is watched and processes are stopped by signals"
)
_KEYCTL = "in a container, allow the system call keyctl (--security-opt seccomp=unconfined)"
_AFFINITY = "allow sched_setaffinity"
_PRIVILEGES = "Linux 3.5 or later"
_LANDLOCK = "Linux 5.13 or later with landlock in its boot parameter lsm=; in a container, allow the landlock calls"
_OWN_USER = (
    "run as root, and let others read Python and its packages (chmod -R o+rX on the environment and the package); in a"
    " container, with user numbers up to 2^31"
)
_RLIMITS = "allow setrlimit"
_FILTER = "Linux on x86-64 or aarch64 with CONFIG_SECCOMP_FILTER"


@dataclass(frozen=True)
class Scene:
    """What a defence may look at: the candidate's bounds, its control groups, and what was applied before."""

    confinement: Confinement
    groups: Groups
    report: Report

    @property
    def keeps_user(self) -> bool:
        """Whether the candidate stays the user it is: an ordinary one, or root that may not change or whose files
        nobody else can reach.
        """
        if not (_is_root_without_namespace(self) and identity.may_change_user()):
            return True
        is_in_host_s_root = any(entry.startswith("own root") for entry in self.report.missing)
        return not self.confinement.others_can_read or (
            is_in_host_s_root and not others_can_pass(self.confinement.shown)
        )


@dataclass(frozen=True)
class Defence:
    """One defence.

    Attributes:
        needs: another without which this one is not tried.
        belongs: whether it is one of the defences of this candidate at all.
    """

    name: str
    act: Callable[[Scene], None]
    remedy: str
    needs: str = ""
    belongs: Callable[[Scene], bool] = lambda _: True


def _namespace(kind: str) -> Defence:
    return Defence(f"{kind} namespace", lambda _: namespaces.unshare(kind), _ROOT_OR_USER_NAMESPACES)


def _group(kind: str) -> Defence:
    return Defence(f"{kind} cgroup", lambda scene: _join(scene.groups[kind]), _CGROUPS)


def _join(group: Group | OSError) -> None:
    if isinstance(group, OSError):
        raise group
    group.join()


def _make_root(scene: Scene) -> None:
    wanted = scene.confinement
    uid = os.getuid() if scene.keeps_user else wanted.uid
    root.make(wanted.shown, uid, wanted.max_memory_bytes, has_gpu=wanted.device != "cpu")


def _protect_files(scene: Scene) -> None:
    root.make_read_only(scene.confinement.shown)


def _restrict_files(scene: Scene) -> None:
    if scene.report.has("own root"):
        landlock.restrict(("/",), root.SCRATCH_FOLDERS)
    else:
        landlock.restrict((*scene.confinement.shown, "/etc/passwd", "/etc/group"), [tempfile.gettempdir()])


def _be_own_user(scene: Scene) -> None:
    if not identity.may_change_user():
        raise OSError(errno.EPERM, "root without the right to change its user")
    if scene.keeps_user:
        raise OSError(errno.EACCES, "only their owner can read Python's files")
    try:
        identity.become(scene.confinement.uid)
    finally:
        signal_on_parents_death(signal.SIGKILL)  # a change of user cleared it


def _is_root_without_namespace(scene: Scene) -> bool:
    return os.getuid() == 0 and not scene.report.has("user namespace")


def _has_capabilities_left(scene: Scene) -> bool:
    return not (scene.report.has("own user") or scene.keeps_user)


def _set_limits(scene: Scene) -> None:
    counts_by_user = scene.report.has("own user") or scene.report.has("user namespace")
    limits.set_limits(scene.confinement.device, scene.confinement.max_memory_bytes, counts_by_user)


IN_GUARD = (
    Defence(
        "user namespace", lambda _: namespaces.enter_user_namespace(), _ROOT_OR_USER_NAMESPACES,
        belongs=lambda _: not namespaces.may_make_namespaces(),
    ),
    *map(_namespace, ("net", "ipc", "uts", "pid")),
)  # fmt: skip
IN_WARDEN = (
    _namespace("mount"),
    Defence("own root", _make_root, _ROOT_OR_USER_NAMESPACES, needs="mount namespace"),
    Defence("read-only files", _protect_files, _ROOT_OR_USER_NAMESPACES, needs="own root"),
    Defence(
        "own /proc", lambda scene: root.mount_proc(not scene.keeps_user), _ROOT_OR_USER_NAMESPACES, needs="own root"
    ),
)
IN_CANDIDATE = (
    *map(_group, KINDS),
    Defence("fresh keyring", lambda _: identity.leave_keys_behind(), _KEYCTL),
    Defence("no new privileges", lambda _: identity.forbid_new_privileges(), _PRIVILEGES),
    Defence(
        "no capabilities", lambda _: identity.drop_capabilities(), _OWN_USER, belongs=lambda scene: scene.keeps_user
    ),
    Defence("landlock", _restrict_files, _LANDLOCK, needs="no new privileges"),
)
FIRST_HALF = (*IN_GUARD, *IN_WARDEN, *IN_CANDIDATE)
SECOND_HALF = (
    # Starting a GPU's driver takes the better part of a second of a core, and more than one process starts at once.
    Defence("cores", lambda scene: cores.stay_on_cores(scene.confinement.num_threads), _AFFINITY),
    Defence("own user", _be_own_user, _OWN_USER, belongs=_is_root_without_namespace),
    Defence("no capabilities", lambda _: identity.drop_capabilities(), _OWN_USER, belongs=_has_capabilities_left),
    Defence("rlimits", _set_limits, _RLIMITS),
    Defence("system-call filter", lambda _: seccomp.install(), _FILTER, needs="no new privileges"),
)


def apply(defences: tuple[Defence, ...], confinement: Confinement, groups: Groups, report: Report) -> Report:
    """Apply these in turn; returns the report with each of them applied or missing."""
    for defence in defences:
        scene = Scene(confinement, groups, report)
        if not defence.belongs(scene):
            continue
        if defence.needs and not report.has(defence.needs):
            report = report.without(defence.name, f"no {defence.needs}")
        else:
            report = report.trying(defence.name, functools.partial(defence.act, scene))
    return report


def remedy(missing: str) -> str:
    """How a host gets what an entry of `Report.missing` says that it lacks."""
    name = missing.partition(" (")[0]
    return next((defence.remedy for defence in (*FIRST_HALF, *SECOND_HALF) if defence.name == name), "")
