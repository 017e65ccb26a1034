"""Commands that run another program than the one they begin with, or a text that their arguments hold."""

import shlex

_SHELLS = {"bash", "sh", "dash", "zsh", "ksh", "fish", "busybox", "toybox", "eval", "exec", "source", ".", "command"}
_WRAPPERS = {"env", "xargs", "parallel", "sudo", "doas", "su", "nohup", "nice", "ionice", "timeout", "time", "setsid"}
_PLACES = {"stdbuf", "chroot", "unshare", "flock", "watch", "script", "ssh", "docker", "podman", "kubectl", "trap"}
_LANGUAGES = {"awk", "gawk", "mawk", "sed", "ed", "vi", "vim", "perl", "ruby", "lua", "node", "deno", "bun", "php"}
_RUNNERS = {"tclsh", "expect", "builtin", "make", "npx", "uvx", "pipx"}
_STARTERS = frozenset(_SHELLS | _WRAPPERS | _PLACES | _LANGUAGES | _RUNNERS)
_TEXTS = frozenset({"-c", "-e", "-m", "-exec", "-execdir", "-ok", "-okdir", "-S", "--split-string", "--eval", "--exec"})
"""Options whose argument is run."""


def starts_another(command: str) -> bool:
    """True also where that can't be told: whoever asks fails closed."""
    try:
        words = shlex.split(command)
    except ValueError:
        return True
    if not words:
        return False
    name, assigned, _ = words[0].partition("=")
    if assigned and name.isidentifier():  # LD_PRELOAD=… program
        return True
    program = words[0].rpartition("/")[2]
    return program in _STARTERS or any(word.partition("=")[0] in _TEXTS for word in words[1:])
