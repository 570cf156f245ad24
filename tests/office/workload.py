"""How much work a page is to the database, as the database itself counts it."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from sqlalchemy import event

from campaign.db import db

# So much of SQLite's program is run between two calls of its progress handler.
STEP = 50
WHOLE_TABLE = 1_000_000
# What fits into a few pages PostgreSQL rather reads as a whole: of so few rows as a test has it
# would never ask an index.
_FOR_FEW = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin", "enable_bitmapscan")
AS_IF_LARGE = ";".join(f"SET {way} = off" for way in _FOR_FEW)
AS_IT_IS = ";".join(f"RESET {way}" for way in _FOR_FEW)


@dataclass
class Work:
    """What one page asked of the database: each statement, with the work it was."""

    statements: list[tuple[str, int]] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Add up the work of all statements."""
        return sum(work for _, work in self.statements)

    @property
    def hardest(self) -> str:
        """Give the statement that was the most work."""
        return max(self.statements, key=lambda said: said[1], default=("", 0))[0]


@contextmanager
def watched(app: Flask) -> Iterator[Work]:
    """Note what the database has to do, as it counts itself: steps of its program, or rows read."""
    work = Work()
    with app.app_context():
        engine = db.engine
    watch = _steps if engine.dialect.name == "sqlite" else _rows
    with watch(engine, work):
        yield work


@contextmanager
def _steps(engine: Any, work: Work) -> Iterator[None]:
    """Count the steps of SQLite's own program: at least two for each row that it reads."""
    steps = [0]
    seen = []

    def passed() -> None:
        steps[0] += STEP // 2
        work.statements[-1] = (work.statements[-1][0], steps[0])

    def begin(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        driver = cursor.connection
        driver.set_progress_handler(None, 0)
        seen.append(driver)
        if not _is_question(statement):
            return
        # The number of all rows of a table is one step to SQLite, for which it reads all of it.
        program = driver.execute(f"EXPLAIN {statement}", parameters).fetchall()
        steps[0] = WHOLE_TABLE * sum(step[1] == "Count" for step in program)
        work.statements.append((statement, steps[0]))
        driver.set_progress_handler(passed, STEP)

    event.listen(engine, "before_cursor_execute", begin)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", begin)
        for driver in seen:
            driver.set_progress_handler(None, 0)


@contextmanager
def _rows(engine: Any, work: Work) -> Iterator[None]:
    """Let PostgreSQL explain what it has done, and count the rows it looked at."""

    def after(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if not _is_question(statement):
            return
        with cursor.connection.cursor() as asking:
            asking.execute(AS_IF_LARGE)
            asking.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
            (plan,) = asking.fetchone()
            asking.execute(AS_IT_IS)
        plan = json.loads(plan) if isinstance(plan, str) else plan
        work.statements.append((statement, _looked_at(plan[0]["Plan"])))

    event.listen(engine, "after_cursor_execute", after)
    try:
        yield
    finally:
        event.remove(engine, "after_cursor_execute", after)


def _looked_at(node: dict[str, Any]) -> int:
    rows = node["Actual Rows"] + sum(
        number for name, number in node.items() if name.startswith("Rows Removed by")
    )
    return int(rows * node["Actual Loops"]) + sum(map(_looked_at, node.get("Plans", ())))


def _is_question(statement: str) -> bool:
    return bool(re.match(r"\s*(SELECT|WITH)\b", statement))
