"""Is an answer the one of the cell that was run last, or of before, because that cell has failed?

The kernel knows which cells ran, how each ended and at which line. A name that a cell did not come
to set still has its former value, and a check that gets it says so first. What is not known is not
said: inside loops, and where several statements share a line.
"""

import ast
import re
import traceback
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

# What a cell that is no Python would have set, by the beginnings of its lines.
_SET = re.compile(r"^(?:([A-Za-z_]\w*)\s*(?::[^=\n]+)?=(?!=)|(?:def|class)\s+(\w+))", re.MULTILINE)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


class Failure(NamedTuple):
    """The cell that was to set ``name``: how it ended, and whether it was another than before."""

    name: str
    ending: str
    changed: bool
    value: int  # the identity of what the name still holds


class LastRuns:
    """What the cells of a shell have set, and what they did not come to set."""

    def __init__(self, shell):
        self._shell, self._source = shell, ""
        self._made_by: dict[str, str] = {}  # the cell that has set a name
        self._failures: dict[str, Failure] = {}
        shell.events.register("pre_run_cell", self._begin)
        shell.events.register("post_run_cell", self._end)

    def _begin(self, info) -> None:
        with suppress(Exception):
            self._source = self._shell.transform_cell(info.raw_cell)

    def _end(self, result) -> None:
        with suppress(Exception):  # a remark is not worth an error
            self._note(result.error_before_exec or result.error_in_exec)

    def _note(self, error: BaseException | None) -> None:
        try:
            body = ast.parse(self._source).body
        except SyntaxError:
            return self._fail({a or b for a, b in _SET.findall(self._source)}, error)
        done, late = (body, []) if error is None else _split(body, self._line_of(error))
        for statement in done:
            from_former = self._former_in(getattr(statement, "value", None))
            for name in _set_by(statement):
                self._made_by[name] = self._source
                self._failures.pop(name, None)
                if from_former and name in self._shell.user_ns:
                    value = id(self._shell.user_ns[name])
                    self._failures[name] = from_former._replace(value=value)
        complete = {name for statement in done for name in _set_by(statement)}
        self._fail({name for one in late for name in _set_by(one)} - complete, error)

    def _fail(self, names: set[str], error: BaseException | None) -> None:
        stopped = isinstance(error, KeyboardInterrupt)
        ending = "was stopped" if stopped else f"ended in an error ({type(error).__name__})"
        for name in names & self._shell.user_ns.keys():
            changed = self._made_by.get(name, self._source) != self._source
            value = id(self._shell.user_ns[name])
            self._failures[name] = Failure(name, ending, changed, value)

    def _line_of(self, error: BaseException) -> int | None:
        for frame, line in traceback.walk_tb(error.__traceback__):
            if frame.f_globals is self._shell.user_global_ns and frame.f_code.co_name == "<module>":
                return line
        return None

    def _former_in(self, tree: ast.AST | None) -> Failure | None:
        names = [node.id for node in _here(tree) if isinstance(node, ast.Name)] if tree else []
        return next(filter(None, map(self._failure, names)), None)

    def _failure(self, name: str) -> Failure | None:
        found, missing = self._failures.get(name), object()
        same = found and found.value == id(self._shell.user_ns.get(name, missing))
        return found if same else None

    def remark(self, check: str) -> str:
        """What is to be said before the outcome of ``check``, which the running cell calls."""
        for call in ast.walk(ast.parse(self._source)):
            if isinstance(call, ast.Call) and ast.unparse(call.func).split(".")[-1] == check:
                for part in [*call.args, *(keyword.value for keyword in call.keywords)]:
                    for node in _here(part):
                        if isinstance(node, ast.Name) and (found := self._failure(node.id)):
                            return _sentence(node.id, found)
        return ""


def _sentence(name: str, found: Failure) -> str:
    when = "the answer before your last change" if found.changed else "a value from before"
    own = name == found.name
    holds = f"so {name} still is what it was" if own else f"and {name} was made from {found.name}"
    return (
        f"This is about {when}: the cell that sets {found.name} {found.ending} when it last ran, "
        f"{holds}. Run that cell to its end first, then this check."
    )


def _split(body: list[ast.stmt], line: int | None) -> tuple[list[ast.stmt], list[ast.stmt]]:
    """The statements that ran to their end before an error on ``line``, and those that did not.

    What is not known is in neither.
    """
    if line is None:
        return [], []
    done = [one for one in body if one.end_lineno < line]
    late = [one for one in body if one.lineno > line]
    here = [one for one in body if one.lineno <= line <= one.end_lineno]
    if len(here) != 1:
        return done, late
    (failed,) = here
    blocks = [getattr(failed, name, []) for name in ("body", "orelse", "finalbody")]
    if not any(blocks):
        return done, [failed, *late]
    if isinstance(failed, ast.With | ast.If | ast.Try):
        for block in blocks:
            if block and block[0].lineno <= line <= block[-1].end_lineno:
                inner_done, inner_late = _split(block, line)
                return [*done, *inner_done], [*inner_late, *late]
    return done, late


def _set_by(statement: ast.stmt) -> set[str]:
    """The names that a statement sets in the notebook itself, not within functions."""
    if isinstance(statement, _SCOPES):
        return {statement.name}
    found, loops = set(), set()  # the names in a comprehension are its own
    for node in _here(statement):
        if isinstance(node, ast.comprehension):
            loops |= {id(part) for part in ast.walk(node.target)}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            if id(node) not in loops:
                found.add(node.id)
        elif isinstance(node, _SCOPES) and not isinstance(node, ast.Lambda):
            found.add(node.name)
        elif isinstance(node, ast.alias):
            found.add((node.asname or node.name).split(".")[0])
    return found


def _here(node: ast.AST) -> Iterator[ast.AST]:
    """``node`` and what is in it, without the insides of functions and classes."""
    yield node
    if not isinstance(node, _SCOPES):
        for child in ast.iter_child_nodes(node):
            yield from _here(child)


_watched: LastRuns | None = None  # of the kernel, if this is one


def watch(shell) -> None:
    """From now on, know how the cells of ``shell`` end."""
    global _watched
    _watched = LastRuns(shell)


def remark(check: str) -> str:
    """What is to be said before the outcome of ``check``; nothing outside of notebooks."""
    with suppress(Exception):
        return _watched.remark(check) if _watched else ""
    return ""
