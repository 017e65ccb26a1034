"""A person's own repository: its newest commit is copied, and one branch is put into it. Nothing else of it is ever
touched: no checkout, no index, no other branch; its hooks and its configured programs are not run.
"""

from collections.abc import Sequence
from pathlib import Path

from executor.actions.history.git import Git, GitFailed
from executor.domain.errors import WrongInput
from executor.ports.history import NoHistory

BRANCH = "milepost/goal-{number}"
SHA1_CHARACTERS = 40
COPY_S = 3_600.0  # for what git does once it has everything; of a huge repository that is much
SHALLOW = "shallow"
"""git's own file of the commits whose parents are not there."""


def chosen(repositories: Sequence[Path], word: str) -> Path:
    """Which of the allowed ones is meant, by its path or its last name. Raises WrongInput."""
    named = [one for one in repositories if word in (str(one), one.name)]
    if len(named) == 1:
        return named[0]
    if not repositories:
        raise WrongInput(
            f"No repository is open to goals, so #repo={word} can't be. "
            "Whoever runs Milepost lists them under [workspace] repositories."
        )
    if named:
        raise WrongInput(f"#repo={word} could be {' or '.join(map(str, named))}; write the whole path.")
    raise WrongInput(f"#repo={word} is none of the repositories that are open to goals: {_names(repositories)}.")


def _names(repositories: Sequence[Path]) -> str:
    return ", ".join(one.name for one in repositories)


def bring(origin: Path, ours: Git) -> str:
    """Copy the commit that is checked out there, with all that led to it; its name. Raises NoHistory."""
    theirs = _theirs(origin)
    try:
        commit = theirs.run("rev-parse", "--verify", "HEAD^{commit}").decode("ascii").strip()
    except GitFailed as error:
        raise NoHistory(f"The repository {origin} has no commit yet; make one first.", detail=str(error)) from error
    if len(commit) != SHA1_CHARACTERS:
        raise NoHistory(f"The repository {origin} names its commits by SHA-256; goals work on those with SHA-1 alone.")
    bring_all(theirs, ours, commit)
    return commit


def _not_set(branch: str, origin: Path, said: str) -> str:
    if "exists; cannot create" in said:
        return (
            f"{origin} has a branch that is named {branch.partition('/')[0]}, so there can't be a {branch}. Rename it."
        )
    if "File exists" in said:
        return f"The branch {branch} of {origin} is locked by another git. Retry once that is done."
    return f"The branch {branch} of {origin} can't be set; the log says why."


def bring_all(source: Git, target: Git, commit: str) -> None:
    """The commit with all that led to it, as far as that is there: a shallow clone ends somewhere, and says where."""
    copy(source, target, f"{commit}\n")
    if ends := {line for git in (target, source) for line in _ends(git)}:
        (target.folder / SHALLOW).write_text("".join(f"{line}\n" for line in sorted(ends)), encoding="ascii")


def _ends(git: Git) -> list[str]:
    try:
        return (git.folder / SHALLOW).read_text(encoding="ascii").split()
    except FileNotFoundError:
        return []


def deliver(ours: Git, origin: Path, number: int, base: str) -> None:
    """Put what has been merged into the goal's branch there. Raises NoHistory where somebody else moved that branch."""
    theirs, branch, commit = _theirs(origin), BRANCH.format(number=number), ours.tip()
    ref = f"refs/heads/{branch}"
    there = theirs.run("for-each-ref", "--format=%(objectname)", ref).decode("ascii").strip()
    if there == commit:
        return
    known = ours.tip("delivered")
    if there and there != known:
        raise NoHistory(f"The branch {branch} of {origin} was moved by somebody else; rename it, then retry.")
    copy(ours, theirs, f"{commit}\n^{base}\n")
    try:
        theirs.run("update-ref", ref, commit, there or "0" * SHA1_CHARACTERS)
    except GitFailed as error:
        raise NoHistory(_not_set(branch, origin, str(error)), detail=str(error)) from error
    ours.run("update-ref", "refs/heads/delivered", commit)


def copy(source: Git, target: Git, wanted: str) -> None:
    """Objects, without refs."""
    pack = target.folder / "objects" / "pack"
    pack.mkdir(parents=True, exist_ok=True)
    with target.talking("index-pack", "--stdin", "--fix-thin", patience_s=COPY_S) as (stream, _):
        source.pour(stream, "pack-objects", "--revs", "--stdout", "--quiet", "--thin", stdin=wanted.encode("ascii"))


def _theirs(origin: Path) -> Git:
    """Its git folder: that of a checkout, of a linked worktree, or of a bare repository. Raises NoHistory."""
    inner = origin / ".git"
    if inner.is_file():
        link = inner.read_text(encoding="utf-8", errors="replace").removeprefix("gitdir:").strip()
        inner = (origin / link).resolve()
        common = inner / "commondir"
        if common.is_file():
            return Git(inner, common=(inner / common.read_text(encoding="utf-8").strip()).resolve())
    folder = inner if inner.is_dir() else origin
    if not (folder / "objects").is_dir() or not (folder / "HEAD").exists():
        raise NoHistory(f"{origin} is no git repository.")
    return Git(folder)
