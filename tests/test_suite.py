"""The laws of the tests themselves: each can fail, none is skipped unseen, none leaves a flag."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parent
MODULES = sorted(TESTS.rglob("*.py"))
# Of pytest.
ASSERTING = {"raises", "fail", "warns"}


@cache
def nodes(module: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(module.read_text())))


def functions(module: Path) -> Iterator[ast.FunctionDef]:
    for node in nodes(module):
        if isinstance(node, ast.FunctionDef):
            yield node


def asserts(function: ast.AST) -> bool:
    return any(
        isinstance(node, ast.Assert) or (isinstance(node, ast.Attribute) and node.attr in ASSERTING)
        for node in ast.walk(function)
    )


def test_every_test_asserts_itself_or_by_a_helper_that_does() -> None:
    helpers = {
        function.name
        for module in MODULES
        for function in functions(module)
        if not function.name.startswith("test_") and asserts(function)
    }
    idle = [
        f"{module.relative_to(TESTS)}::{function.name}"
        for module in MODULES
        for function in functions(module)
        if function.name.startswith("test_")
        and not asserts(function)
        and not helpers & {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    ]

    assert idle == [], "a test that asserts nothing cannot fail"


def test_what_is_not_here_is_said_in_one_place_which_fails_where_all_must_run() -> None:
    """`needed` of `tests.plugin_services` looks at `CI`; a skip of one's own would not."""
    skipping = [
        f"{module.relative_to(TESTS)}:{node.lineno}"
        for module in MODULES
        if module.name != "plugin_services.py"
        for node in nodes(module)
        if isinstance(node, ast.Attribute)
        and node.attr in {"skip", "skipif", "importorskip", "xfail"}
        and ast.unparse(node).startswith("pytest.")
    ]

    assert skipping == []


def test_a_flag_that_stops_the_workers_of_a_process_is_taken_back() -> None:
    """Only `asked_to_stop` of `tests.relaying` sets it, and takes it back whatever happens."""
    setting = [
        f"{module.relative_to(TESTS)}:{node.lineno}"
        for module in MODULES
        if module.name != "relaying.py"
        for node in nodes(module)
        if isinstance(node, ast.Attribute)
        and node.attr == "set"
        and ast.unparse(node) == "jobs.stopping.set"
    ]

    assert setting == []


def test_a_helper_stands_once() -> None:
    """A function of some size, word for word in two files, is one helper that was copied."""
    where: dict[str, set[str]] = {}
    for module in MODULES:
        for function in functions(module):
            if not function.name.startswith("test_") and len(function.body) > 1:
                body = ast.unparse(ast.Module(function.body, []))
                if body.count("\n") >= 3:
                    said = f"{function.name}\n{body}"
                    where.setdefault(said, set()).add(str(module.relative_to(TESTS)))

    copied = {said.partition("\n")[0]: files for said, files in where.items() if len(files) > 1}
    assert copied == {}
