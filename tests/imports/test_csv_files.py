"""Reading strangers' files: whatever stands between them, no whole row is lost."""

import csv
import io
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaign.imports.csv_files import Broken, look, rows
from campaign.imports.formats import recognised, status_of

# What broken programs, and people who mean harm, put between two rows.
JUNK = st.text(alphabet="\",;@'\\ab\x0b\x1c\u2028é", max_size=30)
CELL = st.text(alphabet="abc \",;'\n@é", max_size=12)


def read(file: Path) -> list[tuple[int, list[str] | Broken]]:
    return [(row.line, row.cells) for row in rows(file, look(file), email=0, notes=Counter())]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(junk=st.lists(JUNK, min_size=1, max_size=8))
def test_no_junk_takes_a_whole_row_with_it(tmp_path: Path, junk: list[str]) -> None:
    whole = [[f"p{number}@example.org", f"Person {number}"] for number in range(len(junk))]
    file = tmp_path / "file.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        stream.write("email,name\n")
        for odd, row in zip(junk, whole, strict=True):
            stream.write(f"{odd}\n{','.join(row)}\n")

    found = [cells for _, cells in read(file)]

    for row in whole:
        assert row in found


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(written=st.lists(st.tuples(CELL, CELL), min_size=1, max_size=8))
def test_what_a_good_program_writes_is_read_as_it_was_meant(
    tmp_path: Path, written: list[tuple[str, str]]
) -> None:
    meant = [[f"p{n}@example.org", one, other] for n, (one, other) in enumerate(written)]
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([["email", "one", "other"], *meant])
    file = tmp_path / "file.csv"
    file.write_bytes(out.getvalue().encode())

    found = [cells for _, cells in read(file) if isinstance(cells, list)]
    refused = [cells for _, cells in read(file) if isinstance(cells, Broken)]

    # Only a cell that itself looks like a row of this file may cost its row.
    looks_like_a_row = any("@" in cell and "\n" in cell for row in meant for cell in row)
    assert found == meant or (refused and looks_like_a_row)


@pytest.mark.parametrize(
    ("header", "service"),
    [
        (["email", "name", "tags"], "own"),
        (["email", "active_subscription", "expiry", "email_disabled", "created_at"], "substack"),
        (["Email Address", "First Name", "MEMBER_RATING", "OPTIN_TIME", "LEID"], "mailchimp"),
        (["email", "can2_user_tags", "can2_subscription_status"], "action-network"),
        (["uuid", "email", "name", "attributes", "status", "created_at"], "listmonk"),
        (["E-Mail", "status", "created_at"], "other"),
    ],
)
def test_a_service_is_known_by_its_columns(header: list[str], service: str) -> None:
    name, mapping = recognised(header)

    assert name == service
    assert mapping.count("email") == 1
    # Of a table nobody knows, `status` could say anything: somebody is asked.
    assert service != "other" or mapping == ["email", "?", ""]


def test_mailchimp_s_files_say_by_their_names_how_people_stand() -> None:
    names = ["subscribed_a.csv", "unsubscribed_a.csv", "nonsubscribed_a.csv", "cleaned_a.csv", "a"]

    assert [status_of(name) for name in names] == ["", "left", "known", "bounced", ""]
