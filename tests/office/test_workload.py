"""What the tests of growth go by: work that goes through a table is seen as such."""

import pytest
from flask import Flask
from sqlalchemy import text

from campaign.db import db
from tests.office.growing import begin, grow
from tests.office.workload import watched

MANY = 5_000


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT count(*) FROM (SELECT id FROM person WHERE name = 'Bo') AS found",
        "SELECT id FROM person ORDER BY name, id LIMIT 1",
        "SELECT count(*) FROM person",
    ],
)
def test_work_that_goes_through_a_table_is_seen(app: Flask, statement: str) -> None:
    with app.app_context():
        begin()
        grow(2, MANY)

        with watched(app) as work:
            db.session.execute(text(statement)).all()

    assert work.total >= MANY
