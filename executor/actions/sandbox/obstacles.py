"""What stands in the way of a sandbox here, and how to get it out of the way: from what bubblewrap said, and from what
the kernel and the surroundings (a container, a service of systemd) show.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_NO_NAMESPACE = re.compile(
    r"uid map|RTM_NEWADDR|NETLINK|[Cc]reating new namespace|No permissions to create|user namespace"
)
_COVERED = re.compile(r"Can't mount proc|overflowuid")
_KNOBS = (
    "user/max_user_namespaces",
    "kernel/unprivileged_userns_clone",
    "kernel/apparmor_restrict_unprivileged_userns",
)
_ADMIN = (12, 21)  # CAP_NET_ADMIN, CAP_SYS_ADMIN
_OPENED = "--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined"
_COVERING = "ProtectKernelTunables, ProtectKernelLogs, ProtectHostname and ProcSubset"
COVERED_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Problem:
    """Why there is no sandbox, in one line, and how to get one."""

    seen: str
    remedy: str


NOT_INSTALLED = Problem("bubblewrap is not installed", "install it (Debian, Ubuntu: sudo apt install bubblewrap)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """`knobs` are settings of the kernel that exist here, `covered` the places below /proc with something mounted over
    them. `root`: Milepost is; `admin`: it has root's rights to make namespaces."""

    knobs: Mapping[str, str] = field(default_factory=dict)
    covered: tuple[str, ...] = ()
    container: bool = False
    service: bool = False
    root: bool = False
    admin: bool = False


def problem(said: str, around: Surroundings) -> Problem:
    """`said` is all that bubblewrap or the trial printed."""
    lines = said.splitlines()
    line = next((one for one in lines if one.startswith("bwrap:")), lines[0] if lines else "").strip().rstrip(".")
    if _COVERED.search(line):
        return _covered(around)
    if _NO_NAMESPACE.search(line):
        return _forbidden(line, around)
    if "setpriv" in line:
        return Problem(line, "install util-linux")
    return Problem(line or "the trial failed", "look at what bubblewrap says")


def _covered(around: Surroundings) -> Problem:
    """The kernel lets nobody see in a fresh /proc what is covered in the old one (mount_too_revealing in its
    fs/namespace.c)."""
    named = ", ".join(around.covered[:COVERED_SHOWN]) + (" …" if len(around.covered) > COVERED_SHOWN else "")
    seen = f"parts of /proc are covered here{f' ({named})' if named else ''}, so a sandbox gets none of its own"
    if around.service:
        return Problem(seen, f"take {_COVERING} out of the unit, as in systemd/milepost.service")
    if around.container:
        return Problem(seen, "start the container with --security-opt systempaths=unconfined")
    return Problem(seen, f"in a unit of systemd leave out {_COVERING}; a container needs systempaths=unconfined")


def _forbidden(line: str, around: Surroundings) -> Problem:
    if around.root and not around.admin:
        return Problem(
            "root may make no namespaces here (CAP_SYS_ADMIN or CAP_NET_ADMIN is missing)",
            f"start the container with --cap-add SYS_ADMIN --cap-add NET_ADMIN {_OPENED}",
        )
    if around.knobs.get("user/max_user_namespaces") == "0":
        return Problem(
            "user namespaces are switched off (user.max_user_namespaces = 0)", _sysctl("user.max_user_namespaces=15000")
        )
    if around.knobs.get("kernel/unprivileged_userns_clone") == "0" and not around.root:
        return Problem(
            "only root may make user namespaces (kernel.unprivileged_userns_clone = 0)",
            _sysctl("kernel.unprivileged_userns_clone=1"),
        )
    if around.container:
        return Problem("this container forbids new namespaces", f"start it with {_OPENED}")
    if around.knobs.get("kernel/apparmor_restrict_unprivileged_userns", "0") != "0":
        return Problem(
            "AppArmor keeps bubblewrap from making user namespaces (kernel.apparmor_restrict_unprivileged_userns = 1)",
            "sudo apt install apparmor-profiles; sudo cp /usr/share/apparmor/extra-profiles/bwrap-userns-restrict "
            "/etc/apparmor.d/; sudo apparmor_parser -r /etc/apparmor.d/bwrap-userns-restrict",
        )
    if around.service:
        return Problem(
            "this service may make no user namespaces",
            "let RestrictNamespaces name user mnt pid net ipc uts cgroup, SystemCallFilter @system-service @mount and "
            "RestrictAddressFamilies AF_NETLINK, as in systemd/milepost.service",
        )
    return Problem(line, f"something forbids new namespaces here; a container needs {_OPENED}")


def _sysctl(setting: str) -> str:
    return f"sudo sysctl {setting}, and the same line in /etc/sysctl.d/90-milepost.conf so that it stays"


def surroundings() -> Surroundings:
    """As they are now. Raises nothing."""
    knobs = {name: text for name in _KNOBS if (text := _text(f"/proc/sys/{name}"))}
    return Surroundings(
        knobs=knobs,
        covered=covered(_text("/proc/self/mountinfo")),
        container=_is_container(),
        service=os.environ.get("SYSTEMD_EXEC_PID") == str(os.getpid()),
        root=os.geteuid() == 0,
        admin=_has_admin(_text("/proc/self/status")),
    )


def covered(mountinfo: str) -> tuple[str, ...]:
    """Mount points below /proc, from ``/proc/self/mountinfo``."""
    places = (line.split(" ")[4] for line in mountinfo.splitlines() if line.count(" ") > 4)
    return tuple(sorted({place for place in places if place.startswith("/proc/")} - {"/proc/sys/fs/binfmt_misc"}))


def _is_container() -> bool:
    marks = (Path("/.dockerenv"), Path("/run/.containerenv"))
    groups = _text("/proc/1/cgroup")
    return "container" in os.environ or any(one.exists() for one in marks) or "kubepods" in groups


def _has_admin(status: str) -> bool:
    found = re.search(r"^CapEff:\s*([0-9a-f]+)", status, re.MULTILINE)
    return found is not None and all(int(found[1], 16) >> one & 1 for one in _ADMIN)


def _text(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
