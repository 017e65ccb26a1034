"""Files of a workspace, opened so that no path leads outside.

Linux since 5.6 resolves a path under one folder itself (openat2, RESOLVE_BENEATH): no link and no ``..`` gets out, and
nothing can be swapped between looking and opening. Elsewhere every component is opened without following links. Hard
links are refused: the other name of the file may lie anywhere.
"""

import contextlib
import ctypes
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from executor.actions.identity import give
from executor.domain.errors import WrongInput

PATH_CHARACTERS_MAX = 1024  # with up to four bytes each, the kernel's own limit

_SYS_OPENAT2 = 437  # the same on every architecture of Linux but alpha
_RESOLVE_NO_MAGICLINKS = 0x02
_RESOLVE_BENEATH = 0x08
_CLOEXEC = getattr(os, "O_CLOEXEC", 0)
_NOT_HERE = frozenset({errno.ENOSYS, errno.EPERM, errno.E2BIG})  # an old kernel, or a filter that knows no openat2


class _OpenHow(ctypes.Structure):
    _fields_ = [("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64)]


class Folder:
    """A workspace. Paths are relative to it; WrongInput names them as given. `kernel` False: never use openat2."""

    def __init__(self, workspace: Path, *, kernel: bool = True) -> None:
        self._workspace = workspace
        self._kernel = kernel

    @contextlib.contextmanager
    def reading(self, path: str) -> Iterator[int]:
        """A descriptor of a regular file, opened for reading."""
        with self._root() as root, _plainly(path):
            file = self._open(root, _parts(path), os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
            try:
                _ordinary(file, path)
                yield file
            finally:
                os.close(file)

    def write(self, path: str, content: bytes) -> int:
        """Replace the file, or make it and the folders above it; its size. Whoever reads sees the old content or the
        new one, never a part."""
        parts = _parts(path)
        with self._root() as root, _plainly(path), self._parent(root, parts, path) as parent:
            mode = _mode_of(parent, parts[-1], path)
            temporary = f".{secrets.token_hex(8)}.part"
            file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _CLOEXEC, 0o666, dir_fd=parent)
            try:
                give(file, parent)
                with os.fdopen(file, "wb") as stream:
                    stream.write(content)
                    stream.flush()
                    if mode is not None:
                        os.fchmod(file, mode)
                    os.fsync(file)
                os.rename(temporary, parts[-1], src_dir_fd=parent, dst_dir_fd=parent)
            except BaseException:
                os.unlink(temporary, dir_fd=parent)
                raise
            return len(content)

    def append(self, path: str, content: bytes) -> int:
        """Add to the end of the file, or make it; its new size."""
        parts = _parts(path)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | _CLOEXEC
        with self._root() as root, _plainly(path), self._parent(root, parts, path) as parent:
            file = os.open(parts[-1], flags, 0o666, dir_fd=parent)
            with os.fdopen(file, "ab") as stream:
                _ordinary(file, path)
                give(file, parent)
                stream.write(content)
                stream.flush()
                os.fsync(file)
                return os.fstat(file).st_size

    @contextlib.contextmanager
    def _root(self) -> Iterator[int]:
        root = os.open(self._workspace, os.O_RDONLY | os.O_DIRECTORY | _CLOEXEC)
        try:
            yield root
        finally:
            os.close(root)

    @contextlib.contextmanager
    def _parent(self, root: int, parts: list[str], path: str) -> Iterator[int]:
        """The folder that holds the file, made where it is missing."""
        folder = os.dup(root)
        try:
            for part in parts[:-1]:
                made = _mkdir(part, folder)
                inner = self._open(folder, [part], os.O_RDONLY | os.O_DIRECTORY)
                if made:
                    give(inner, folder)
                os.close(folder)
                folder = inner
            yield folder
        finally:
            os.close(folder)

    def _open(self, folder: int, parts: list[str], flags: int) -> int:
        if self._kernel:
            file = _open_beneath(folder, "/".join(parts), flags | _CLOEXEC)
            if file is not None:
                return file
        return _open_by_steps(folder, parts, flags | _CLOEXEC)


def _mkdir(name: str, folder: int) -> bool:
    """Whether it was missing."""
    try:
        os.mkdir(name, dir_fd=folder)
    except FileExistsError:
        return False
    return True


def _parts(path: str) -> list[str]:
    """The components of a relative path. WrongInput where it is none."""
    if "\x00" in path:
        raise WrongInput(f"The path {path!r} holds a NUL character.")
    if not path.strip():
        raise WrongInput("The path is empty; name a file in the goal's folder.")
    if path.startswith("/"):
        raise WrongInput(
            f"The path {path!r} is absolute; give one inside the goal's folder, without the slash in front."
        )
    if len(path) > PATH_CHARACTERS_MAX:
        raise WrongInput(_too_long(path))
    if path.endswith("/"):
        raise WrongInput(f"The path {path!r} names a folder; name a file in it.")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise WrongInput(f"The path {path!r} goes up with '..'; give one that stays inside the goal's folder.")
    if not parts:
        raise WrongInput(f"The path {path!r} names no file.")
    return parts


check_path = _parts
"""Raises WrongInput for what can be seen to be wrong without looking at the disk."""


@contextlib.contextmanager
def _plainly(path: str) -> Iterator[None]:
    """What the system says about a path, as a sentence."""
    try:
        yield
    except OSError as error:
        raise WrongInput(_said(path, error)) from error
    except UnicodeEncodeError as error:
        raise WrongInput(f"The path {path!r} holds characters that no file name can have.") from error


def _said(path: str, error: OSError) -> str:
    match error.errno:
        case errno.EXDEV | errno.ELOOP | errno.EAGAIN:
            return f"The path {path!r} leads through a link out of the goal's folder; that is not allowed."
        case errno.ENOENT:
            return f"There is no file {path!r} in the goal's folder."
        case errno.EISDIR:
            return f"{path!r} is a folder, not a file."
        case errno.ENOTDIR:
            return f"The path {path!r} goes through something that is no folder."
        case errno.ENXIO:
            return _not_ordinary(path)
        case errno.ENAMETOOLONG:
            return _too_long(path)
    return f"{path!r}: {error.strerror}."


def _too_long(path: str) -> str:
    return f"The path {path[:60]!r}… is too long."


def _not_ordinary(path: str) -> str:
    return f"{path!r} is no ordinary file."


def _ordinary(file: int, path: str) -> None:
    _check_kind(os.fstat(file), path)


def _check_kind(status: os.stat_result, path: str) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise WrongInput(f"{path!r} is a folder, not a file.")
    if stat.S_ISLNK(status.st_mode):
        raise WrongInput(f"{path!r} is a link; only the file itself can be written.")
    if not stat.S_ISREG(status.st_mode):
        raise WrongInput(_not_ordinary(path))
    if status.st_nlink > 1:
        raise WrongInput(f"{path!r} is hard-linked, so it may belong to something outside; that is not allowed.")


def _mode_of(parent: int, name: str, path: str) -> int | None:
    """The permissions of the file that will be replaced; None: there is none. Raises WrongInput if it may not be."""
    try:
        status = os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return None
    _check_kind(status, path)
    return stat.S_IMODE(status.st_mode)


def _open_beneath(folder: int, path: str, flags: int) -> int | None:
    """None: this system has no openat2. Raises OSError as open does."""
    syscall = _syscall()
    if syscall is None:
        return None
    how = _OpenHow(flags, 0, _RESOLVE_BENEATH | _RESOLVE_NO_MAGICLINKS)
    for _ in range(20):  # EAGAIN: something was renamed meanwhile
        file: int = syscall(_SYS_OPENAT2, folder, os.fsencode(path), ctypes.byref(how), ctypes.sizeof(how))
        if file >= 0:
            return file
        code = ctypes.get_errno()
        if code not in (errno.EAGAIN, errno.EINTR):
            break
    if code in _NOT_HERE:
        return None
    raise OSError(code, os.strerror(code), path)


def _syscall() -> "ctypes._NamedFuncPointer | None":
    if not hasattr(os, "pidfd_open"):  # no Linux
        return None
    return ctypes.CDLL(None, use_errno=True).syscall


def _open_by_steps(folder: int, parts: list[str], flags: int) -> int:
    """Component by component; a link anywhere is refused."""
    here = os.dup(folder)
    try:
        for part in parts[:-1]:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | _CLOEXEC, dir_fd=here)
            os.close(here)
            here = inner
        return os.open(parts[-1], flags | os.O_NOFOLLOW, dir_fd=here)
    finally:
        os.close(here)
