"""The files of the workspace that a text may run or read: everything in it that could be a file's name.

Read generously: a file too many only asks a person once more, one too few lets its content be replaced between the
approval and the run. A name counts in every folder that the text names (``cd app && ./run``), quoted or not, with the
workspace's own path in front, as a pattern, as a module (``-m app``), and where a program has a file of its own
(``make``). What a script loads in turn is found by `loaded_files`.
"""

import os
import re
import stat
from collections.abc import Iterable, Iterator
from glob import iglob
from itertools import islice
from pathlib import Path

FOLDERS_MAX = 16
MATCHES_MAX = 256  # of one pattern
_WORD = re.compile(r"[^\s'\"`;|&<>()$={}\[\]]+")
_PART = re.compile(r"[^,:@=]+")
_SHELL_WORD = re.compile(r"""(?:[^\s'"\\`;|&<>()]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+""", re.DOTALL)
_QUOTED = re.compile(r"""'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)""", re.DOTALL)
_HERE = re.compile(r"(?<![\w.])~/|\$(?:HOME|PWD)/|\$\{(?:HOME|PWD)\}/|(?:\$\(pwd\)|`pwd`)/")
_MODULE = re.compile(r"(?<=\s)-[A-Za-z]*m\s*([\w.]+)")
_PATTERN = re.compile(r"(?=.*[*?])(?=.*\w)[^\0\ud800-\udfff]+", re.DOTALL)
_OWN = {
    **dict.fromkeys(("make", "gmake"), ("GNUmakefile", "makefile", "Makefile")),
    **dict.fromkeys(("npm", "npx", "pnpm", "yarn", "bun"), ("package.json",)),
    "just": ("justfile", "Justfile", ".justfile"),
    **dict.fromkeys(("pytest", "py.test", "tox", "nox"), ("conftest.py", "pytest.ini", "tox.ini", "noxfile.py")),
    **dict.fromkeys(("pip", "pip3", "uv", "poetry", "hatch"), ("setup.py", "pyproject.toml", "requirements.txt")),
    **dict.fromkeys(("python", "python3"), ("sitecustomize.py", "usercustomize.py")),
    **dict.fromkeys(("node", "nodejs", "deno"), ("package.json", "index.js", "deno.json")),
    **dict.fromkeys(("docker", "podman"), ("Dockerfile", "compose.yml", "compose.yaml", "docker-compose.yml")),
    **dict.fromkeys(("invoke", "fab"), ("tasks.py", "fabfile.py")),
    **dict.fromkeys(("gradle", "gradlew"), ("build.gradle", "build.gradle.kts", "settings.gradle")),
    **dict.fromkeys(("mvn", "mvnw"), ("pom.xml",)),
    "git": (
        ".git/config",
        ".gitconfig",
        ".gitmodules",
        ".gitattributes",
        ".git/hooks/pre-commit",
        ".git/hooks/pre-push",
    ),
    "cargo": ("Cargo.toml", "build.rs"),
    "go": ("go.mod", "main.go"),
    "task": ("Taskfile.yml", "Taskfile.yaml"),
    "rake": ("Rakefile",),
    "bundle": ("Gemfile",),
    "composer": ("composer.json",),
    "cmake": ("CMakeLists.txt",),
    "meson": ("meson.build",),
    "ninja": ("build.ninja",),
    "ant": ("build.xml",),
}


def named_files(texts: Iterable[str], workspace: Path) -> list[str]:
    """Paths relative to the workspace, each once, in the order of the texts. Reads folders."""
    root = str(workspace)
    own = tuple(dict.fromkeys((f"{root}/", f"{os.path.realpath(root)}/")))
    words = list(dict.fromkeys(word for text in texts for word in _words(text, own)))
    folders = [""]  # each other one ends with a slash
    for word in words:
        inner = [f"{os.path.normpath(folder + word)}/" for folder in folders]
        folders += [one for one in inner if one not in (*folders, "./") and stat.S_ISDIR(_mode(f"{root}/{one}"))]
        del folders[FOLDERS_MAX:]
    found = (os.path.normpath(one) for word in words for folder in folders for one in _meant(root, folder, word))
    return [path for path in dict.fromkeys(found) if stat.S_ISREG(_mode(f"{root}/{path}"))]


def _mode(path: str) -> int:
    """0: there is nothing. Thousands of words are looked up, so this is no Path."""
    try:
        return os.stat(path).st_mode  # noqa: PTH116
    except (OSError, ValueError):
        return 0


def _words(text: str, own: Iterable[str]) -> Iterator[str]:
    """Everything relative that may be a name. `own`: how the workspace's absolute paths begin."""
    for start in own:
        text = text.replace(start, "./")
    text = _HERE.sub("./", text)
    yield from (word for word in _split(text) if word and not word.startswith("/"))
    for found in _MODULE.finditer(text):
        path = found[1].replace(".", "/")
        yield from (f"{path}.py", f"{path}/__main__.py", f"{path}/__init__.py")


def _split(text: str) -> Iterator[str]:
    for word in (*_WORD.findall(text), *_unquoted(text)):
        yield word
        yield from _PART.findall(word)
        yield from _OWN.get(word.rpartition("/")[2], ())


def _unquoted(text: str) -> Iterator[str]:
    """The words that hold a quote or a backslash, as a shell would hand them on."""
    for found in _SHELL_WORD.finditer(text):
        if any(mark in found[0] for mark in "'\"\\"):
            yield _QUOTED.sub(lambda part: part[1] or part[2] or part[3] or "", found[0])


def _meant(root: str, folder: str, word: str) -> Iterator[str]:
    yield folder + word
    above = word.rpartition("/")[0]
    if _PATTERN.fullmatch(word) and sum(above.count(sign) for sign in "*?[") <= 1:  # more walk through whole trees
        yield from sorted(islice(iglob(folder + word, root_dir=root), MATCHES_MAX))  # noqa: PTH207 - as a shell does
