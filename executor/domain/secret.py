"""A value that nobody but an attempt may see: what it may be called, and how it is stored."""

import re
from dataclasses import dataclass, field
from datetime import datetime

MASK = "•••"
"""What stands wherever a secret value would."""

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_STEERING = re.compile(
    r"(?i:PATH|HOME|SHELL|USER|LOGNAME|PWD|OLDPWD|TMPDIR|LANG|TERM|IFS|ENV|BASH_ENV|BASHOPTS|SHELLOPTS"
    r"|PS[0-4]|PROMPT_COMMAND|CDPATH|GLOBIGNORE|EDITOR|VISUAL|PAGER|BASH_FUNC.*|LD_.*|DYLD_.*|PYTHON[A-Z].*|MILEPOST_.*"
    r"|GIT_(?!(?:\w+_)?(?:TOKEN|PASSWORD|PAT|KEY|USER|USERNAME|URL)$).*|NODE_OPTIONS|NODE_PATH|PERL(?:5?LIB|5OPT|5DB)"
    r"|RUBY(?:LIB|OPT)|(?:JDK_|_)?JAVA_(?:TOOL_)?OPTIONS|R_PROFILE.*|LUA_(?:C?PATH|INIT).*|(?:SSH|SUDO)_ASKPASS"
    r"|(?:HTTPS?|FTP|ALL|NO)_PROXY)"
    # what is only known in capitals, so that a parameter of an action may be called cc or browser
    r"|LC_.*|LANGUAGE|TERMCAP|TERMINFO.*|BASH_(?:LOADABLES_PATH|XTRACEFD)|FPATH|ZDOTDIR|INPUTRC|HOSTALIASES|RES_OPTIONS"
    r"|LOCALDOMAIN|GCONV_PATH|LOCPATH|NLSPATH|GLIBC_TUNABLES|MALLOC_.*|MANPAGER|BROWSER|LESSOPEN|LESSCLOSE|EXINIT|VIMINIT"
    r"|XDG_.*|DBUS_.*|HGRCPATH|SVN_SSH|CVS_RSH|RSYNC_RSH|RSYNC_CONNECT_PROG|PIP_(?:CONFIG_FILE|PYTHON|PREFIX|TARGET)"
    r"|NODE_(?:REPL.*|EXTRA_CA_CERTS|TLS.*)|NPM_CONFIG_(?!.*(?:TOKEN|AUTH|PASSWORD)).*|PERL(?:5SHELL|_.*)"
    r"|RUBY(?:SHELL|PATH)|GEM_(?:HOME|PATH)|BUNDLE_(?:GEMFILE|PATH|BIN)|CLASSPATH|MAVEN_OPTS|GRADLE_OPTS"
    r"|DOTNET_(?:STARTUP_HOOKS|ADDITIONAL_DEPS)|R_(?:ENVIRON|LIBS).*|JULIA_(?:LOAD_PATH|DEPOT_PATH|PROJECT)|PHPRC"
    r"|PHP_INI_SCAN_DIR|ERL_.*FLAGS|AWKPATH|AWKLIBPATH|G?N?U?MAKEFLAGS|MAKEFILES|MFLAGS|CC|CXX|CPP|LD|AR|AS|RUSTC|RUSTFLAGS"
    r"|RUSTC_.*|CARGO_(?:HOME|BUILD_.*|TARGET_.*)|GO(?:FLAGS|PATH|ROOT|PROXY|BIN)|TAR_OPTIONS|GREP_OPTIONS"
    r"|OPENSSL_(?:CONF|ENGINES|MODULES)|SSL_CERT_(?:FILE|DIR)|(?:REQUESTS|CURL)_CA_BUNDLE|CURL_HOME|WGETRC|NETRC"
    r"|SSLKEYLOGFILE|DOCKER_(?:HOST|CONFIG)|KUBECONFIG|SSH_AUTH_SOCK"
)
"""Variables that decide which program runs, what it loads, whom it trusts or whom it talks to."""


def steers(name: str) -> bool:
    return _STEERING.fullmatch(name) is not None


def why_no_name(name: str) -> str:
    """Why no value may be given under this name; "" where one may. A variable that decides which program runs, or
    what it loads, is a command in disguise."""
    if not NAME.fullmatch(name):
        return "A name has letters, digits and underscores only, such as API_TOKEN."
    if steers(name):
        return f"{name} steers how programs run, so it can't be set here."
    return ""


@dataclass(frozen=True, slots=True)
class Provided:
    """A value that a person gave for a variable of one goal. Its repr never shows it."""

    name: str
    value: str = field(repr=False)

    @property
    def shown(self) -> str:
        return f"{self.name}={MASK}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedSecret:
    """As it is stored: `sealed` is encrypted with this install's key. It is deleted when its goal is over."""

    goal_number: int
    name: str
    sealed: str
    by: int  # the person's id
    created_at: datetime
