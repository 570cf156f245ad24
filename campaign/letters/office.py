"""Letters, for organisers: who wrote to whom, and what became of it."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, render_template, request

from campaign import clock, tables
from campaign.languages import country_name
from campaign.languages import lazy_gettext as _l
from campaign.letters import queries
from campaign.letters.models import Letter, State, Way
from campaign.letters.tallies.queries import count_by_country, count_since
from campaign.tables import Column

bp = Blueprint("letters", __name__, url_prefix="/letters")

STATES: dict[str, Any] = {
    State.PENDING: _l("waiting for the button"),
    State.READY: _l("in the outbox"),
    State.SENT: _l("sent"),
    State.BOUNCED: _l("came back"),
    State.ANSWERED: _l("answered"),
    State.DROPPED: _l("dropped"),
}
WAYS: dict[str, Any] = {
    Way.SEND: _l("sent by us"),
    Way.MAILTO: _l("said to be sent: own mail program"),
    Way.COPY: _l("said to be sent: copied"),
    Way.FORM: _l("said to be sent: contact form"),
}


def _country(letter: Letter) -> str:
    return country_name(letter.post.country)


def _summit(letter: Letter) -> str:
    return f"{letter.summit.location} {letter.summit.year}" if letter.summit else letter.occasion


# Without the text of the letters: it is between the supporter and the office.
LETTERS = [
    Column("name", _l("Supporter"), lambda row: row.name),
    Column("email", _l("E-mail address"), lambda row: row.person.email),
    Column("country", _l("Country"), lambda row: row.post.country, cell=_country),
    Column("post", _l("Post"), lambda row: row.post.title),
    Column("summit", _l("Summit"), lambda row: row.occasion, cell=_summit),
    Column("state", _l("State"), lambda row: row.state, cell=lambda row: STATES[row.state]),
    Column("written_at", _l("Written"), lambda row: row.written_at),
    Column("confirmed_at", _l("Confirmed"), lambda row: row.confirmed_at),
    Column("sent_at", _l("Sent"), lambda row: row.sent_at),
]


@bp.get("")
def index() -> Any:
    """List every letter with its state."""
    state = request.args.get("state", "")
    query = queries.search(
        request.args.get("q", ""), state=state, everywhere=tables.is_everywhere(request.args)
    )
    if request.args.get("format") == "csv":
        return tables.download(query, LETTERS, name="letters")
    # Today and the six days before it, beside the seven before those.
    today = clock.now()
    this_week = count_since(today - timedelta(days=6))
    two_weeks = count_since(today - timedelta(days=13))
    return render_template(
        "letters/office/index.html",
        table=tables.page(
            query,
            LETTERS,
            arguments=request.args,
            path=request.path,
            is_narrowed=tables.finds_some(queries.search(state=state), request.args, "q"),
        ),
        states=STATES,
        state=state,
        ways=WAYS,
        this_week=this_week,
        last_week={way: letters - this_week[way] for way, letters in two_weeks.items()},
        by_country=[[country_name(code), letters] for code, letters in count_by_country()],
    )
