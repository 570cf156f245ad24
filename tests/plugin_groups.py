"""Tests that share something costly stay together on one worker of pytest-xdist.

Its own mark for this, `xdist_group`, has no effect with pytest 9.2 and pytest-xdist 3.8: pytest
keeps a test's id in a place where the other does not look. So groups are told by where tests are.
"""

from typing import Any

import pytest
from xdist.scheduler import LoadGroupScheduling

# The beginning of a test's id, and its group; the first that fits counts.
GROUPS = {
    "tests/journeys/test_real_services.py": "real services",
    "tests/journeys/": "journeys",
    "tests/test_db.py::test_migrations": "migrations",
}


class _Together(LoadGroupScheduling):
    def _split_scope(self, nodeid: str) -> str:
        groups = (group for begins, group in GROUPS.items() if nodeid.startswith(begins))
        return next(groups, super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _Together | None:
    """Hand the tests out by group, where that is asked for."""
    return _Together(config, log) if config.getvalue("dist") == "loadgroup" else None
