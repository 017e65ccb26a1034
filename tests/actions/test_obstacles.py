"""Why there is no sandbox is told in one line, with what helps here."""

import pytest

from executor.actions.sandbox.obstacles import Surroundings, covered, problem, surroundings

FORBIDDEN = "bwrap: No permissions to create new namespace, likely because the kernel does not allow it."
MAP = "bwrap: setting up uid map: Permission denied"
PROC = "noise\nbwrap: Can't mount proc on /newroot/proc: Operation not permitted"
OFF = {"user/max_user_namespaces": "0"}
ROOT_ONLY = {"user/max_user_namespaces": "96365", "kernel/unprivileged_userns_clone": "0"}
APPARMOR = {"user/max_user_namespaces": "96365", "kernel/apparmor_restrict_unprivileged_userns": "1"}


@pytest.mark.parametrize(
    ("said", "around", "seen", "remedy"),
    [
        (FORBIDDEN, Surroundings(knobs=OFF), "user.max_user_namespaces = 0", "sysctl user.max_user_namespaces=15000"),
        (FORBIDDEN, Surroundings(knobs=ROOT_ONLY), "unprivileged_userns_clone = 0", "unprivileged_userns_clone=1"),
        (MAP, Surroundings(knobs=APPARMOR), "AppArmor", "apparmor_parser -r /etc/apparmor.d/bwrap-userns-restrict"),
        (
            "bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted",
            Surroundings(knobs=APPARMOR),
            "apparmor_restrict_unprivileged_userns = 1",
            "bwrap-userns-restrict",
        ),
        (FORBIDDEN, Surroundings(container=True), "this container", "seccomp=unconfined"),
        (
            "bwrap: Creating new namespace failed: Operation not permitted",
            Surroundings(root=True, container=True),
            "CAP_SYS_ADMIN or CAP_NET_ADMIN is missing",
            "--cap-add SYS_ADMIN",
        ),
        (FORBIDDEN, Surroundings(service=True), "this service", "RestrictNamespaces"),
        (FORBIDDEN, Surroundings(), "No permissions to create new namespace", "a container needs"),
        (PROC, Surroundings(container=True, covered=("/proc/kcore",)), "(/proc/kcore)", "systempaths=unconfined"),
        (
            PROC,
            Surroundings(service=True, covered=("/proc/a", "/proc/b", "/proc/c", "/proc/d")),
            "(/proc/a, /proc/b, /proc/c …)",
            "take ProtectKernelTunables, ProtectKernelLogs, ProtectHostname and ProcSubset out of the unit",
        ),
        (
            "bwrap: Can't read /proc/sys/kernel/overflowuid: No such file or directory",
            Surroundings(service=True),
            "parts of /proc are covered here, so",
            "ProcSubset",
        ),
        ("bwrap: execvp setpriv: No such file or directory", Surroundings(), "setpriv", "install util-linux"),
        ("something else\nand more", Surroundings(), "something else", "look at what bubblewrap says"),
        ("", Surroundings(), "the trial failed", "look at what bubblewrap says"),
    ],
)
def test_what_stands_in_the_way_is_named_with_its_remedy(
    said: str, around: Surroundings, seen: str, remedy: str
) -> None:
    found = problem(said, around)

    assert seen in found.seen
    assert remedy in found.remedy
    assert "\n" not in found.seen + found.remedy


def test_places_below_proc_are_covered_where_something_is_mounted_there() -> None:
    mountinfo = (
        "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
        "40 22 0:40 / /proc/sys/fs/binfmt_misc rw - binfmt_misc binfmt_misc rw\n"
        "41 22 0:21 /sys /proc/sys ro - proc proc rw\n"
        "42 27 0:5 / /processed rw - ext4 /dev/vda rw\n"
    )

    assert covered(mountinfo) == ("/proc/sys",)


def test_the_surroundings_can_always_be_looked_at() -> None:
    assert "user/max_user_namespaces" in surroundings().knobs or not surroundings().knobs
