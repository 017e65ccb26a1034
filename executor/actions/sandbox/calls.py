"""Which calls to the kernel a sandboxed program is refused: those that reach around the sandbox, and those that no
task needs while most of the kernel's holes of the last years were in them.

Written as the kernel takes it (seccomp's classic BPF), so no library is needed. Refused calls fail with EPERM; clone3,
whose flags a filter can't see, does not exist, and everything falls back to clone.

Of sockets there are only those that a network namespace keeps apart: others (of a virtual machine and its host, the
kernel's cipher engine, old protocols) reach around it, or are where holes were. Whom a socket with a name in the file
system leads to can't be told here, and whoever sees its folder can use it: a command that sees the whole machine gets
none (`doors` False), since behind one of them a terminal multiplexer or an agent with keys may wait.
"""

import errno
import platform
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _FAIL = 0x7FFF0000, 0x00050000
_NUMBER_AT, _MACHINE_AT, _FIRST_AT, _SECOND_AT = 0, 4, 16, 24
_NEW_NAMESPACES = 0x7E020000
_TERMINAL = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX: put words into somebody else's terminal
_COMMON = (425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 442)
"""io_uring, the newer calls of mount, pidfd_getfd: the same everywhere."""
_CLONE3 = 435
_LOCAL, _FAMILIES = 1, (2, 10, 16)
"""AF_UNIX; AF_INET, AF_INET6, AF_NETLINK."""
_X32 = 0x40000000


@dataclass(frozen=True, slots=True)
class _Machine:
    audit: int
    clone: int
    ioctl: int
    socket: int
    refused: Sequence[int]


_MACHINES: Mapping[str, _Machine] = {
    # mount, umount2, pivot_root, chroot, setns, unshare, bpf, keyctl, add_key, request_key, userfaultfd,
    # perf_event_open, kexec_load, kexec_file_load, init_module, finit_module, delete_module, open_by_handle_at,
    # swapon, swapoff, reboot, acct, quotactl, settimeofday, clock_settime, syslog
    "x86_64": _Machine(
        audit=0xC000003E,
        clone=56,
        ioctl=16,
        socket=41,
        refused=[165, 166, 155, 161, 308, 272, 321, 250, 248, 249, 323, 298, 246, 320]
        + [175, 313, 176, 304, 167, 168, 169, 163, 179, 164, 227, 103],
    ),
    "aarch64": _Machine(
        audit=0xC00000B7,
        clone=220,
        ioctl=29,
        socket=198,
        refused=[40, 39, 41, 51, 268, 97, 280, 219, 217, 218, 282, 241, 104, 294]
        + [105, 273, 106, 265, 224, 225, 142, 89, 60, 170, 112, 116],
    ),
}


def program(machine: str | None = None, *, doors: bool = True) -> bytes:
    """For this kind of machine; empty where it is not known here. `doors`: sockets with names in the file system."""
    known = _MACHINES.get(machine or platform.machine())
    return b"" if known is None else _assembled(known, (_LOCAL, *_FAMILIES) if doors else _FAMILIES)


def _assembled(machine: _Machine, families: Sequence[int]) -> bytes:
    steps = [
        _step(_LOAD, _MACHINE_AT),
        _step(_EQUAL, machine.audit, skip_unless=0, skip_if=1),
        _step(_RETURN, _FAIL | errno.ENOSYS),  # another machine's calls have other numbers
        _step(_LOAD, _NUMBER_AT),
        *_when(_AT_LEAST, _X32, errno.ENOSYS),
        *_when(_EQUAL, _CLONE3, errno.ENOSYS),
    ]
    for number in (*machine.refused, *_COMMON):
        steps += _when(_EQUAL, number, errno.EPERM)
    steps += _argument(machine.clone, _FIRST_AT, _when(_ANY_BIT, _NEW_NAMESPACES, errno.EPERM))
    orders = [step for order in _TERMINAL for step in _when(_EQUAL, order, errno.EPERM)]
    steps += _argument(machine.ioctl, _SECOND_AT, orders)
    known = [step for family in families for step in (_step(_EQUAL, family, skip_unless=1), _step(_RETURN, _ALLOW))]
    steps += _argument(machine.socket, _FIRST_AT, [*known, _step(_RETURN, _FAIL | errno.EAFNOSUPPORT)])
    return b"".join([*steps, _step(_RETURN, _ALLOW)])


def _step(code: int, value: int, *, skip_if: int = 0, skip_unless: int = 0) -> bytes:
    return struct.pack("=HBBI", code, skip_if, skip_unless, value)


def _when(code: int, value: int, error: int) -> list[bytes]:
    return [_step(code, value, skip_unless=1), _step(_RETURN, _FAIL | error)]


def _argument(call: int, place: int, checks: list[bytes]) -> list[bytes]:
    """Of one call, look at an argument; then allow it. Others go on after it."""
    inner = [_step(_LOAD, place), *checks, _step(_RETURN, _ALLOW)]
    return [_step(_EQUAL, call, skip_unless=len(inner)), *inner]
