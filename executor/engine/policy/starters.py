"""Commands that run another program than the one they begin with, or a text that their arguments hold."""

import re
import shlex
from collections.abc import Mapping


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_STARTERS = _words(
    """
bash rbash sh ash dash zsh ksh mksh yash csh tcsh fish pwsh elvish nu xonsh busybox toybox

eval exec source . command builtin coproc trap let printf test [ [[ if then else elif while until do for case ! {
function alias enable complete bind mapfile readarray

env xargs parallel sem sudo doas pkexec su sg newgrp runuser setpriv nohup nice ionice timeout time setsid taskset
chrt prlimit numactl setarch linux32 linux64 i386 x86_64 stdbuf unbuffer chroot unshare nsenter bwrap firejail proot
fakeroot fakechroot systemd-run systemd-inhibit at batch crontab anacron strace ltrace gdb lldb perf valgrind rr
flock lckdo setlock watch watchexec entr script screen tmux dtach abduco socat nc ncat netcat run-parts
start-stop-daemon daemonize daemon dbus-run-session dbus-launch xvfb-run eatmydata nocache faketime choom capsh chpst
envdir softlimit cgexec ssh-agent gpg-agent sshpass torsocks torify proxychains proxychains4 tsocks rlwrap chronic
ifne pee vipe vidir hyperfine tini dumb-init gosu su-exec catatonit execlineb direnv mise asdf rbenv pyenv volta op
doppler chamber dotenv catchsegv logrotate lxc-execute

ssh sftp scp rsh mosh docker podman buildah kubectl nerdctl lxc lxc-attach lxc-exec machinectl flatpak snap vagrant
ansible ansible-playbook terraform tofu apptainer singularity distrobox toolbox heroku gcloud

awk gawk mawk nawk original-awk sed gsed ed ex red vi vim nvim vimdiff rvim view emacs emacsclient nano pico m4 perl
ruby irb lua luajit node nodejs ts-node tsx deno bun php julia tclsh wish expect Rscript R ghci runghc runhaskell
scala groovy jshell guile racket sbcl clisp erl escript elixir iex octave gnuplot dc less more most man info mail
mailx mutt ftp lftp telnet sqlite3 psql mysql mariadb mongo mongosh osascript

make gmake bmake just task rake invoke fab ninja meson cmake bazel gradle gradlew mvn mvnw ant sbt lein scons waf npx
bunx uvx pipx poetry pipenv hatch pdm rye tox nox pre-commit nodemon concurrently foreman honcho overmind supervisord
nix nix-shell nix-build guix
"""
)
_PACKAGED = _words("run exec test start stop restart run-script explore dlx x install i add ci update rebuild")
_ORDERS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("npm", "pnpm", "yarn", "uv", "pip", "pip3", "conda", "mamba", "micromamba", "bundle"), _PACKAGED),
    **dict.fromkeys(("composer", "gem", "mix", "stack", "cabal", "opam", "dotnet", "corepack", "nvm"), _PACKAGED),
    "cargo": frozenset({"run", "bench", "test", "build", "install"}),
    "go": frozenset({"run", "generate", "test", "tool", "install"}),
    "ip": frozenset({"exec"}),
    "git": frozenset(
        {"bisect", "rebase", "submodule", "filter-branch", "difftool", "mergetool", "send-email", "instaweb"}
    ),
}
"""Words with which a program runs what others wrote."""
_TEXTS = _words(
    """
-c -e -m -exec -execdir -ok -okdir -S --split-string --eval --exec --exec-batch --to-command --checkpoint-action
--use-compress-program --compress-program --rsh --rsh-command --rsync-path --exec-path --upload-pack --receive-pack
--open-files-in-pager --ext-diff --textconv --config-env --template --pre --pager --sh-exec --lua-exec
--unzip-command --info-script --new-volume-script --toolexec -toolexec -wrapper --wrapper --use-askpass --plugin
--init-command --init-file --rcfile --browser --editor --proxy-command -TT -fplugin --extcmd
"""
)
"""Options whose argument is run, with one program or another."""
_SHORT: Mapping[str, tuple[str, ...]] = {
    "tar": ("-I", "-F"),
    "bsdtar": ("-I",),
    "git": ("-O", "-x", "-u", "-c"),
    "fd": ("-x", "-X"),
    "zip": ("-T",),
    "tcpdump": ("-z",),
    "rsync": ("-e",),
}
"""The same, of programs that take their text in the same word as well."""
_CARRIES = re.compile(r"(?:ext|fd)::|(?i:ProxyCommand|LocalCommand|PermitLocalCommand|KnownHostsCommand)\b")
"""Arguments that name a program by themselves: a transport of git's, an option of ssh's."""
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
    if any(word in _ORDERS.get(program, ()) for word in arguments):
        return True
    if any(_CARRIES.search(word) for word in arguments):
        return True
    if _PYTHON.fullmatch(program) and any(_PYTHON_TEXT.fullmatch(word) for word in arguments):
        return True
    return any(word.partition("=")[0] in _TEXTS or word[:2] in _SHORT.get(program, ()) for word in arguments)
