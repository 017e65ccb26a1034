"""Commands that run another program than the one they begin with, or a text that their arguments hold."""

import re
import shlex

_SHELLS = {
    "bash",
    "rbash",
    "sh",
    "ash",
    "dash",
    "zsh",
    "ksh",
    "mksh",
    "csh",
    "tcsh",
    "fish",
    "pwsh",
    "busybox",
    "toybox",
}
_WORDS = {"eval", "exec", "source", ".", "command", "builtin", "coproc", "trap", "let", "printf", "test", "[", "[["}
_WORDS |= {"if", "then", "else", "elif", "while", "until", "do", "for", "case", "!", "{", "function"}
_WRAPPERS = {"env", "xargs", "parallel", "sudo", "doas", "pkexec", "su", "sg", "runuser", "setpriv", "nohup", "nice"}
_WRAPPERS |= {
    "ionice",
    "timeout",
    "time",
    "setsid",
    "taskset",
    "chrt",
    "prlimit",
    "numactl",
    "setarch",
    "stdbuf",
    "unbuffer",
}
_WRAPPERS |= {
    "chroot",
    "unshare",
    "nsenter",
    "bwrap",
    "firejail",
    "proot",
    "fakeroot",
    "systemd-run",
    "at",
    "batch",
    "crontab",
}
_WRAPPERS |= {
    "strace",
    "ltrace",
    "gdb",
    "perf",
    "valgrind",
    "flock",
    "watch",
    "entr",
    "script",
    "screen",
    "tmux",
    "socat",
}
_PLACES = {"ssh", "sftp", "scp", "docker", "podman", "kubectl", "nerdctl", "lxc-attach", "machinectl"}
_LANGUAGES = {
    "awk",
    "gawk",
    "mawk",
    "nawk",
    "sed",
    "gsed",
    "ed",
    "ex",
    "vi",
    "vim",
    "nvim",
    "emacs",
    "m4",
    "perl",
    "ruby",
}
_LANGUAGES |= {
    "lua",
    "luajit",
    "node",
    "nodejs",
    "deno",
    "bun",
    "php",
    "julia",
    "tclsh",
    "wish",
    "expect",
    "Rscript",
    "less",
}
_RUNNERS = {"make", "gmake", "just", "npx", "uvx", "pipx", "poetry", "tox", "nox"}
_STARTERS = frozenset(_SHELLS | _WORDS | _WRAPPERS | _PLACES | _LANGUAGES | _RUNNERS)
_ORDERS = frozenset({"run", "exec", "bisect", "test", "start", "run-script"})
_WITH_ORDERS = frozenset(
    {"npm", "pnpm", "yarn", "uv", "cargo", "go", "git", "conda", "mamba", "hatch", "pdm", "bundle"}
)
_TEXTS = frozenset({"-c", "-e", "-m", "-exec", "-execdir", "-ok", "-okdir", "-S", "--split-string", "--eval", "--exec"})
_TEXTS |= {
    "--to-command",
    "--checkpoint-action",
    "--use-compress-program",
    "--compress-program",
    "--rsh",
    "--exec-path",
}
"""Options whose argument is run."""
_LOADER = re.compile(r"ld(?:-linux|-musl|64)?[\w.-]*\.so[\d.]*")
_ASSIGNED = re.compile(r"[A-Za-z_]\w*(?:\[[^]]*\])?\+?=")
_PYTHON = re.compile(r"(?:python|pypy)[\d.]*")
_PYTHON_TEXT = re.compile(r"-[A-Za-z]*[cm].*|-", re.DOTALL)  # -Ic "…", -c"…", and a program on standard input


def starts_another(command: str) -> bool:
    """True also where that can't be told: whoever asks fails closed."""
    try:
        words = shlex.split(command)
    except ValueError:
        return True
    if not words:
        return False
    if _ASSIGNED.match(words[0]):  # LD_PRELOAD=… program
        return True
    program, arguments = words[0].rpartition("/")[2], words[1:]
    if program in _STARTERS or program.rstrip("0123456789.-") in _STARTERS or _LOADER.fullmatch(program):
        return True
    if program in _WITH_ORDERS and any(word in _ORDERS for word in arguments):
        return True
    if _PYTHON.fullmatch(program) and any(_PYTHON_TEXT.fullmatch(word) for word in arguments):
        return True
    return any(word.partition("=")[0] in _TEXTS for word in arguments)
