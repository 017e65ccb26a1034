"""What later tasks will miss, as findings for people: one list, in advance. A finding holds nothing up.

What an earlier task may provide is no finding. What was told once is not told again while it lasts.
"""

from collections.abc import Collection, Iterator, Sequence

from executor.domain.outlook import Finding, FindingKind, Outlook
from executor.domain.task import Task, TaskKind, TaskState
from executor.ports.survey import Missing, Needs

DISK_BYTES_MIN = 500_000_000
_AHEAD = frozenset({TaskState.PENDING, TaskState.QUEUED, TaskState.RETRYING})

Ahead = Sequence[tuple[Task, Needs]]


def ahead_of(tasks: Collection[Task]) -> list[Task]:
    """Work that will still begin, by position; what a person has taken over is theirs."""
    return sorted(
        (t for t in tasks if t.kind is TaskKind.WORK and t.state in _AHEAD and not t.taken_over),
        key=lambda task: task.position,
    )


def whole(ahead: Ahead) -> Needs:
    """What is worth looking for: everything that no earlier task may provide."""
    return Needs(
        commands=frozenset(name for name, _ in _each(ahead, FindingKind.COMMAND)),
        python=frozenset(name for name, _ in _each(ahead, FindingKind.MODULE)),
        node=frozenset(name for name, _ in _each(ahead, FindingKind.MODULE, node=True)),
        hosts=frozenset(host for _, needs in ahead for host in needs.hosts),
    )


def _each(ahead: Ahead, kind: FindingKind, *, node: bool = False) -> Iterator[tuple[str, str]]:
    """(name, ref) of what a task needs and no task before it may have brought."""
    provided: set[str] = set()
    for task, needs in ahead:
        wanted = needs.commands if kind is FindingKind.COMMAND else needs.node if node else needs.python
        yield from ((name, task.ref) for name in sorted(wanted) if name.lower().replace("-", "_") not in provided)
        if needs.provides_anything:
            return
        provided |= needs.provides


def findings(ahead: Ahead, missing: Missing, known: Collection[str]) -> tuple[Finding, ...]:
    """`known` are the variables that have a value. In the order in which tasks meet them."""
    install = dict(missing.install)
    found = [
        _finding(FindingKind.COMMAND, name, f"{name} is missing", install.get(name, ""), refs)
        for name, refs in _gathered(_each(ahead, FindingKind.COMMAND), missing.commands)
    ]
    own = "installed into the goal's own folder when needed"
    found += [
        _finding(FindingKind.MODULE, name, f"the Python module {name} is missing", own, refs)
        for name, refs in _gathered(_each(ahead, FindingKind.MODULE), missing.python)
    ]
    found += [
        _finding(FindingKind.MODULE, name, f"the Node package {name} is missing", own, refs)
        for name, refs in _gathered(_each(ahead, FindingKind.MODULE, node=True), missing.node)
    ]
    variables = [(name, task.ref) for task, needs in ahead for name in sorted(needs.variables)]
    found += [
        _finding(FindingKind.CREDENTIAL, name, f"{name} is not set", "give it when I ask, or put it in [secrets]", refs)
        for name, refs in _gathered(iter(variables), {name for name, _ in variables} - set(known))
    ]
    hosts = ((f"{host}:{port}", task.ref) for task, needs in ahead for host, port in sorted(needs.hosts))
    found += [
        _finding(FindingKind.HOST, name, f"{name.rpartition(':')[0]} is no known host", "", refs)
        for name, refs in _gathered(hosts, {f"{host}:{port}" for host, port in missing.hosts})
    ]
    if ahead and missing.free_bytes is not None and missing.free_bytes < DISK_BYTES_MIN:
        found.append(_finding(FindingKind.DISK, "disk", "the disk is almost full", "free some space", ()))
    return tuple(found)


def _gathered(each: Iterator[tuple[str, str]], wanted: Collection[str]) -> list[tuple[str, tuple[str, ...]]]:
    refs: dict[str, list[str]] = {}
    for name, ref in each:
        if name in wanted and ref not in refs.setdefault(name, []):
            refs[name].append(ref)
    return [(name, tuple(of)) for name, of in refs.items() if of]


def _finding(kind: FindingKind, what: str, sentence: str, remedy: str, refs: tuple[str, ...]) -> Finding:
    return Finding(kind=kind, what=what, sentence=sentence, remedy=remedy, refs=refs)


def untold(outlook: Outlook) -> tuple[Finding, ...]:
    return tuple(finding for finding in outlook.findings if finding.key not in outlook.told)
