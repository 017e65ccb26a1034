"""What runs a Python task inside its own process: its text is handed to the interpreter beside this, as `-c`.

The references of a task (``${1.output}``) are put in after the program was parsed, as values: what came out of another
task is a text in this program, wherever it stands, and never a part of the program itself. This file uses nothing but
the standard library and the syntax of Python 3.8, because the workspace's interpreter reads it.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path

REFERENCE = re.compile(r"\$\{([^\s${}]+)\.output\}")
_WHOLE_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_EVALUATES = frozenset({"eval", "exec", "compile", "__import__", "system", "popen", "getoutput", "getstatusoutput"})


class Misplaced(Exception):
    """A reference stands where its text would be program. The text says where, for people."""


class _Filler(ast.NodeTransformer):
    def __init__(self, mark: str, keys: list[str], outputs: dict[str, str] | None) -> None:
        self._mark = re.compile(mark + "([0-9]+)_")
        self._keys = keys
        self._outputs = outputs

    def fill(self, tree: ast.Module) -> ast.Module:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (by := _evaluated_by(node)):
                self._only_numbers(node, by)
        filled = self.visit(tree)
        for node in ast.walk(filled):
            self._only_values(node)
        return filled  # type: ignore[no-any-return]

    def _text(self, key: str) -> str:
        return "0" if self._outputs is None else self._outputs[key]

    def _in(self, text: str) -> str:
        return self._mark.sub(lambda found: self._text(self._keys[int(found[1])]), text)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        found = self._mark.fullmatch(node.id)
        if found is None or not isinstance(node.ctx, ast.Load):
            return node
        return ast.copy_location(ast.Constant(self._text(self._keys[int(found[1])])), node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        value = node.value
        if isinstance(value, str) and self._mark.search(value):
            return ast.copy_location(ast.Constant(self._in(value)), node)
        if isinstance(value, bytes) and self._mark.search(value.decode("latin-1")):
            filled = b"".join(
                part.encode("latin-1") if index % 2 == 0 else self._text(self._keys[int(part)]).encode()
                for index, part in enumerate(self._mark.split(value.decode("latin-1")))
            )
            return ast.copy_location(ast.Constant(filled), node)
        return node

    def _only_values(self, node: ast.AST) -> None:
        """What still carries a mark is a name of the program."""
        if isinstance(node, ast.Constant):
            return
        for _, value in ast.iter_fields(node):
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, str) and (found := self._mark.search(one)):
                    raise Misplaced(self._stands(found[1], "in a name of the program") + ".")

    def _only_numbers(self, call: ast.Call, by: str) -> None:
        for part in [*call.args, *(keyword.value for keyword in call.keywords)]:
            for node in ast.walk(part):
                for found in self._mark.finditer(_spelled(node)):
                    key = self._keys[int(found[1])]
                    if self._outputs is not None and not _WHOLE_NUMBER.fullmatch(self._outputs[key]):
                        where = f"in a call of {by}, where its text would run as a program"
                        raise Misplaced(self._stands(found[1], where) + "; there it may only be a whole number.")

    def _stands(self, index: str, where: str) -> str:
        return f"${{{self._keys[int(index)]}.output}} stands {where}"


def _spelled(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)):
        return node.value if isinstance(node.value, str) else node.value.decode("latin-1")
    return ""


def _evaluated_by(call: ast.Call) -> str:
    """What would run the arguments of this call as a program; empty: nothing."""
    name = getattr(call.func, "id", "") or getattr(call.func, "attr", "")
    if name in _EVALUATES:
        return str(name)
    through_shell = any(
        one.arg == "shell" and not (isinstance(one.value, ast.Constant) and not one.value.value)
        for one in call.keywords
    )
    if through_shell:
        return f"{name} with shell"
    options = [n.value for part in call.args for n in ast.walk(part) if isinstance(n, ast.Constant)]
    return f"{name} with -c" if "-c" in options else ""


def parsed(source: str, name: str, outputs: dict[str, str] | None) -> ast.Module:
    """The program with its references as values; `outputs` None: none is known yet, and only their places are looked
    at. Raises SyntaxError, and Misplaced for a reference that is no value."""
    keys: list[str] = []

    def marked(found: re.Match[str]) -> str:
        if outputs is not None and found[1] not in outputs:
            return found[0]
        keys.append(found[1])
        return f"{mark}{len(keys) - 1}_"

    mark = "milepost_output_"
    while mark in source:
        mark = f"_{mark}"
    tree = ast.parse(REFERENCE.sub(marked, source), name)
    return _Filler(mark, keys, outputs).fill(tree) if keys else tree


def main(path: str, outputs_path: str = "") -> None:
    """Run the program at `path` as ``__main__``; `outputs_path` is a JSON object of outputs by key."""
    source = Path(path).read_text(encoding="utf-8")
    outputs = json.loads(Path(outputs_path).read_text(encoding="utf-8")) if outputs_path else {}
    try:
        program = compile(parsed(source, path, outputs), path, "exec", dont_inherit=True)
    except Misplaced as misplaced:
        sys.exit(str(misplaced))
    sys.argv = [path]
    module = sys.modules["__main__"].__dict__
    for name in [name for name in module if not name.startswith("__")]:
        del module[name]
    module.update({"__file__": path, "__doc__": None, "__annotations__": {}})
    exec(program, module)
