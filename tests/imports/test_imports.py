"""What becomes of a file of people: who is known, who is subscribed, and what is refused."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from campaign import clock
from campaign.db import db
from campaign.imports import rows, words
from campaign.imports.addresses import address as address_in_cell
from campaign.imports.chunks import cutting
from campaign.imports.csv_files import NoHeader, NotText, Unreadable
from campaign.imports.duties import work
from campaign.imports.models import Import, Refused
from campaign.imports.queries import refused
from campaign.imports.verbs import (
    NoAddressColumn,
    check,
    settle,
    start,
    take_in,
)
from campaign.outbox.suppressions.queries import suppression_of
from campaign.outbox.suppressions.verbs import suppress
from campaign.people import exports, queries, verbs
from campaign.people.models import NOT_ME, Consent, Person, Purpose, Subscription, Tag
from campaign.people.subscriptions import queries as subscriptions_queries
from campaign.people.subscriptions import verbs as subscriptions_verbs
from campaign.places import cities
from campaign.validators import normal_address

NEWSLETTER = Purpose.NEWSLETTER
AGREED = {"wording": "Send me the newsletter.", "source": "list on paper"}
Importer = Callable[..., Import]


@pytest.fixture
def imported(app: Flask, tmp_path: Path) -> Iterator[Importer]:
    """Import a file to its end, inside the application."""

    def run(content: str | bytes, *, name: str = "people.csv", **how: Any) -> Import:
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        taken = take_in(file, name=name, now=clock.now())
        settle(taken, **how)
        start(taken)
        db.session.commit()
        for _ in work(taken, file):
            pass
        return taken

    with app.app_context():
        yield run


def person(email: str) -> Person:
    found = queries.by_email(email)
    assert found is not None, email
    db.session.refresh(found)
    return found


def status(email: str) -> Subscription | None:
    found = subscriptions_queries.subscription_of(person(email).id, NEWSLETTER)
    if found:
        db.session.refresh(found)
    return found


def is_active(email: str) -> bool:
    found = status(email)
    return found is not None and found.is_active


def tags(email: str) -> set[str]:
    return set(db.session.scalars(select(Tag.tag).where(Tag.person_id == person(email).id)))


def reasons(run: Import) -> list[tuple[int, str]]:
    return [(row.line, row.reason) for row in db.session.scalars(refused(run))]


def subscriber(email: str, **known: Any) -> Person:
    """Make somebody who pressed the button in a mail of ours."""
    found = verbs.remember(email, now=clock.now(), **known)
    subscription = subscriptions_verbs.ask(
        found, NEWSLETTER, wording="Yes.", form="test", now=clock.now()
    )
    subscriptions_verbs.confirm(subscription, now=clock.now())
    db.session.commit()
    return found


def test_the_promised_file_is_taken_over_with_its_consent(imported: Importer) -> None:
    run = imported(
        "\ufeffemail,name,country,city,language,newsletter,tags\r\n"
        'Ada@Example.org,Ada,GB,London,en,yes,"maths, first"\r\n'
        "bo@example.org,Bo,Germany,München,German,no,\r\n",
        agreed_on=date(2026, 5, 13),
        **AGREED,
    )

    ada, bo = person("ada@example.org"), person("bo@example.org")
    assert (run.made, run.known, run.subscribed, run.refused) == (2, 0, 1, 0)
    assert (ada.name, ada.country, ada.city, ada.language) == ("Ada", "GB", "London", "en")
    assert cities.city(ada.city_id or 0) == cities.find("London", "GB")
    assert (bo.country, bo.language, bo.timezone) == ("DE", "de", "Europe/Berlin")
    assert tags("ada@example.org") == {"maths", "first"}
    assert is_active("ada@example.org")
    assert status("bo@example.org") is None
    consent = db.session.scalars(select(Consent)).one()
    assert consent.person_id == ada.id
    assert consent.wording == "Send me the newsletter.\n\nlist on paper"
    assert (consent.form, consent.given_at) == ("import", datetime(2026, 5, 13, tzinfo=UTC))
    # Nobody pressed a button of ours.
    assert ada.confirmed_at is None


def test_without_a_recorded_consent_people_are_known_and_nobody_is_subscribed(
    imported: Importer,
) -> None:
    run = imported("email,newsletter\nada@example.org,yes\n")

    assert (run.made, run.subscribed) == (1, 0)
    assert status("ada@example.org") is None
    assert db.session.scalars(select(Consent)).all() == []


def test_what_is_known_is_kept_what_is_empty_is_filled_and_tags_are_united(
    imported: Importer,
) -> None:
    subscriber("ada@example.org", name="Ada Lovelace", country="GB")
    db.session.add(Tag(tag="old", person_id=person("ada@example.org").id))
    db.session.commit()

    run = imported(
        "email,name,country,city,language,tags\n"
        "ada@example.org,Someone Else,FR,Paris,fr,new\n"
        "ADA@example.org,,GB,London,,newer\n"
        "bo@example.org,,DE,,,\n"
        "bo@example.org,Bo,,,,\n",
        **AGREED,
    )

    ada = person("ada@example.org")
    assert (run.made, run.known, run.subscribed) == (1, 3, 1)
    assert (ada.name, ada.country, ada.language) == ("Ada Lovelace", "GB", "fr")
    assert tags("ada@example.org") == {"old", "new", "newer"}
    assert (person("bo@example.org").name, person("bo@example.org").country) == ("Bo", "DE")
    # She agreed with us before; that record stands alone.
    hers = db.session.scalars(select(Consent).where(Consent.person_id == ada.id)).one()
    assert hers.form == "test"


def test_who_left_is_suppressed_or_said_not_me_stays_so(imported: Importer) -> None:
    left = subscriber("left@example.org")
    subscriptions_verbs.leave(left.id, NEWSLETTER, through="link", now=clock.now())
    suppress("bounced@example.org", reason="bounce", now=clock.now())
    suppress("never@example.org", reason=NOT_ME, now=clock.now())
    db.session.commit()

    run = imported(
        "email,newsletter\nleft@example.org,yes\nbounced@example.org,yes\nnever@example.org,yes\n",
        **AGREED,
    )

    assert (run.subscribed, run.left_out) == (0, 3)
    assert not is_active("left@example.org")
    assert status("bounced@example.org") is None
    assert queries.by_email("never@example.org") is None


def test_a_broken_quote_costs_its_own_row_and_no_other(imported: Importer) -> None:
    run = imported(
        "email,name,city\n"
        'one@example.org,"One,Bonn\n'
        "two@example.org,Two,Bonn\n"
        'three@example.org,Th"ree",Bonn\n'
        'four@example.org,"Four" Smith,Bonn\n'
        'five@example.org,"Five\nSecond line",Bonn\n'
        'six@example.org,"Six,Bonn\n'
        'seven@example.org,Seven",Bonn\n'
        "eight@example.org,Eight,Bonn,more\n"
        'nine@example.org,"Nine, to the end of the file\n',
    )

    assert reasons(run) == [
        (2, rows.QUOTES), (5, rows.QUOTES), (8, rows.QUOTES), (10, rows.CELLS), (11, rows.QUOTES),
    ]  # fmt: skip
    emails = set(db.session.scalars(select(Person.email)))
    assert emails == {f"{name}@example.org" for name in ("two", "three", "five", "seven")}
    assert person("five@example.org").name == "Five Second line"
    shown = db.session.scalars(refused(run)).first()
    assert shown
    assert shown.text == 'one@example.org,"One,Bonn'


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("email;name\nzoe@example.org;Zoë\n".encode("cp1252"), "Zoë"),
        ("email\tname\nzoe@example.org\tZoë\n".encode("utf-16"), "Zoë"),
        ("email,name\nzoe@example.org,Ζωή\n".encode("utf-16-le"), "Ζωή"),
        ("sep=;\nemail;name\nzoe@example.org;Zoë\n".encode("utf-8-sig"), "Zoë"),
        ("email,name\rzoe@example.org,Zoë\r".encode(), "Zoë"),
        # One line of another file pasted into this.
        ("email,name\nada@example.org,Αλ\n".encode() + b"zoe@example.org,Zo\xeb\n", "Zoë"),
    ],
    ids=["windows-1252", "utf-16", "utf-16 without its mark", "excel", "old mac", "mixed"],
)
def test_letters_and_signs_of_every_usual_kind_are_read(
    imported: Importer, content: bytes, name: str
) -> None:
    run = imported(content)

    assert person("zoe@example.org").name == name
    assert run.notes.get("cp1252", 0) == (1 if b"Zo\xeb" in content else 0)


def test_a_formula_is_a_name_and_is_made_text_when_it_leaves(imported: Importer) -> None:
    imported("email,name,tags\nada@example.org,\"=cmd|' /C calc'!A0\",@sum\n")

    written = "".join(exports.lines(queries.everybody()))

    assert person("ada@example.org").name == "=cmd|' /C calc'!A0"
    assert ",'=cmd|' /C calc'!A0," in written
    assert ",'@sum" in written


@pytest.mark.parametrize(
    "address",
    [
        "nobody", "a@b", "a@b@example.org", "ada@example.org, bo@example.org", "ada@exa mple.org",
        "ada@example.org\x00", "@example.org", "ada@.org", "ada@localhost", ".ada@example.org",
        "a..b@example.org", "ada@-example.org", "<ada@example.org>x",
    ],
)  # fmt: skip
def test_an_impossible_address_is_refused_with_its_line(imported: Importer, address: str) -> None:
    run = imported(f'email,name\n"{address}",Ada\n"",Bo\nreal@example.org,Real\n')

    assert reasons(run) == [(2, rows.ADDRESS), (3, rows.NO_ADDRESS)]
    assert (run.made, run.refused) == (1, 2)


@pytest.mark.parametrize(
    "address",
    [
        "a@example.org", "A.B+c_d-e@Sub.Example.ORG", "x@example.test", "x@münchen.example.org",
        "o'neil@example.org", "a@xn--mnchen-3ya.example", "1@2.com", "a@b.c", "a@b.c0m", "a@1.1",
        "a-@b-c.de", "-a@b.de", "_@b.de", "a@b_c.de", "a.@b.de", "a@b..de", "x@example.onion",
    ],
)  # fmt: skip
def test_the_fast_look_at_an_address_says_what_the_slow_one_says(address: str) -> None:
    try:
        slow = normal_address(address)
    except ValueError:
        slow = ""

    assert address_in_cell(address) == slow


def test_hostile_names_are_left_out_and_the_person_stays(imported: Importer) -> None:
    run = imported(
        "email,name,country,language\n"
        "a@example.org,Win at https://spam.example,Atlantis,xx-yy\n"
        "b@example.org,<script>alert(1)</script>,DE,de\n"
        "c@example.org,{{ name }},DE,de\n"
        f"d@example.org,{'x' * 200},DE,de\n"
        "e@example.org,\u202eevil,DE,de\n"
    )

    assert (run.made, run.refused) == (5, 0)
    assert set(db.session.scalars(select(Person.name))) == {""}
    assert run.notes == {"name": 5, "country": 1, "language": 1}


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", Unreadable),
        (b" \n\n", Unreadable),
        (b"ada@example.org,Ada\nbo@example.org,Bo\n", NoHeader),
        (b"PK\x03\x04\x14\x00\x08\x00", NotText),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", NotText),
        (b"email," + b"x" * 200_000, NotText),
        (b"<html><body>email</body></html>", NotText),
        (b"name,town\nAda,London\n", NoAddressColumn),
    ],
    ids=["empty", "blank", "no header", "archive", "picture", "endless line", "page", "no address"],
)
def test_what_is_no_file_of_people_is_refused_whole(
    imported: Importer, content: bytes, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        imported(content)


def test_a_line_without_end_is_refused_and_the_next_is_read(imported: Importer) -> None:
    run = imported("email,name\nada@example.org," + "x" * 200_000 + "\nbo@example.org,Bo\n")

    assert reasons(run) == [(2, rows.LONG)]
    assert person("bo@example.org").name == "Bo"


def test_columns_are_taken_for_what_the_importer_says(imported: Importer) -> None:
    run = imported(
        "Who,Contact,Group\nAda,ada@example.org,poets\n", mapping=["name", "email", "tags"]
    )

    assert run.format == "other"
    assert person("ada@example.org").name == "Ada"
    assert tags("ada@example.org") == {"poets"}


def test_an_import_that_was_killed_goes_on_after_its_last_chunk(
    imported: Importer, app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cutting, "SIZE", 10)
    file = tmp_path / "many.csv"
    lines = [f"p{number}@example.org,yes" for number in range(95)]
    lines[33] = "broken"
    file.write_text("email,newsletter\n" + "\n".join(lines) + "\n")
    run = take_in(file, name=file.name, now=clock.now())
    settle(run, **AGREED)
    start(run)
    db.session.commit()
    first = work(run, file)
    for _ in range(4):
        next(first)
    # Nothing is closed and nothing said: the process is gone.
    del first
    db.session.rollback()
    db.session.expunge_all()

    again = db.session.get_one(Import, run.id)
    before = again.rows
    for _ in work(again, file):
        pass

    assert before == 40
    assert (again.rows, again.made, again.subscribed, again.refused) == (95, 94, 94, 1)
    assert len(db.session.scalars(select(Consent)).all()) == 94
    assert again.stage == "done"


def test_two_workers_on_one_import_save_each_chunk_once(
    imported: Importer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cutting, "SIZE", 10)
    file = tmp_path / "many.csv"
    file.write_text("email\n" + "".join(f"p{number}@example.org\n" for number in range(30)))
    run = take_in(file, name=file.name, now=clock.now())
    settle(run, **AGREED)
    start(run)
    db.session.commit()
    slow = cutting.read(run, file, now=clock.now())
    late = next(slow)
    number = run.id
    for _ in work(run, file):
        pass
    db.session.expunge_all()

    from campaign.imports.chunks.verbs import take

    stale = db.session.get_one(Import, number)
    stale.rows, stale.stage = 0, "importing"
    db.session.expunge(stale)
    is_saved = take(stale, late, now=clock.now())
    db.session.rollback()

    assert not is_saved
    assert db.session.get_one(Import, number).subscribed == 30


def test_a_check_says_what_would_happen_and_changes_nobody(
    imported: Importer, tmp_path: Path
) -> None:
    subscriber("ada@example.org")
    file = tmp_path / "people.csv"
    file.write_text("email\nada@example.org\nbo@example.org\nnonsense\n")
    run = take_in(file, name=file.name, now=clock.now())
    settle(run, **AGREED)
    check(run)
    db.session.commit()

    for _ in work(run, file):
        pass

    assert (run.stage, run.made, run.known, run.subscribed, run.refused) == ("checked", 1, 1, 1, 1)
    assert queries.by_email("bo@example.org") is None
    assert len(db.session.scalars(select(Refused)).all()) == 1


SUBSTACK = (
    "email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at\n"
    "free@example.org,false,,other,false,2025-01-02T03:04:05.000Z,\n"
    "paid@example.org,true,2027-07-01T00:00:00.000Z,yearly,false,2026-06-01T00:00:00.000Z,\n"
    "off@example.org,false,,other,true,2024-05-01T00:00:00.000Z,\n"
)


def test_substack_s_export_is_read_as_it_is(imported: Importer) -> None:
    run = imported(SUBSTACK, name="email_list.pause.csv", **AGREED)

    assert (run.format, run.made, run.subscribed) == ("substack", 3, 2)
    found = status("free@example.org")
    assert found
    assert found.confirmed_at == datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
    # Who turned mail off has left.
    left = status("off@example.org")
    assert left
    assert left.left_at


MAILCHIMP = (
    '"Email Address","First Name","Last Name",MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,'
    "CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,{more}LAST_CHANGED,LEID,EUID,"
    "NOTES,TAGS\n"
)


def test_mailchimp_s_three_files_are_read_as_they_are(imported: Importer) -> None:
    subscriber("stayed@example.org")
    row = (
        '{email},Ada,Lovelace,2,"2015-03-16 14:40:47",192.0.2.1,"2015-03-17 08:00:00",192.0.2.1,'
        '51.5,-0.1,0,1,Europe/London,GB,ENG,{more}"2018-10-11 09:55:14",90498395,810826c56e,,'
        '"""VIP, old"",""Blog"""\n'
    )
    subscribed = MAILCHIMP.format(more="") + row.format(email="ada@example.org", more="")
    more = "UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER,"
    unsubscribed = (
        MAILCHIMP.format(more=more)
        + row.format(email="gone@example.org", more='"2016-01-01 00:00:00",May,1,NORMAL,,')
        + row.format(email="stayed@example.org", more='"2016-01-01 00:00:00",May,1,NORMAL,,')
    )
    cleaned = MAILCHIMP.format(more="CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID,") + (
        row.format(email="dead@example.org", more='"2016-01-01 00:00:00",May,1,')
    )

    first = imported(subscribed, name="subscribed_members_export_1.csv", **AGREED)
    second = imported(unsubscribed, name="unsubscribed_members_export_1.csv", **AGREED)
    third = imported(cleaned, name="cleaned_members_export_1.csv", **AGREED)

    assert {first.format, second.format, third.format} == {"mailchimp"}
    assert [run.subscribed for run in (first, second, third)] == [1, 0, 0]
    ada, found = person("ada@example.org"), status("ada@example.org")
    assert (ada.name, ada.country) == ("Ada Lovelace", "GB")
    assert tags("ada@example.org") == {"vip, old", "blog"}
    assert found
    assert found.confirmed_at == datetime(2015, 3, 17, 8, tzinfo=UTC)
    gone = status("gone@example.org")
    assert gone
    assert gone.left_at == datetime(2016, 1, 1, tzinfo=UTC)
    # They agreed with us after they had left there.
    assert is_active("stayed@example.org")
    dead = suppression_of("dead@example.org")
    assert dead
    assert dead.reason == "bounce"
    # Of where they sat when they agreed nothing is kept.
    kept = [repr(vars(one)) for one in db.session.scalars(select(Consent))]
    assert not any("192.0.2.1" in text for text in kept)


def test_a_file_of_those_who_did_not_subscribe_makes_nobody_a_subscriber(
    imported: Importer,
) -> None:
    content = "Email Address,Status,MEMBER_RATING,LEID\nada@example.org,Subscribed,2,1\n"

    run = imported(content, name="nonsubscribed_members_export_1.csv", **AGREED)

    assert (run.format, run.made, run.subscribed) == ("mailchimp", 1, 0)


def test_action_network_s_export_is_read_as_it_is(imported: Importer) -> None:
    run = imported(
        "uuid,first_name,last_name,email,can2_phone,can2_user_address,can2_user_city,"
        "can2_state_abbreviated,zip_code,country,can2_user_tags,can2_subscription_status,"
        "can2_subscription_date,can2_sms_status\n"
        'u1,Ada,Lovelace,ada@example.org,,1 Road,Seattle,WA,98101,US,"#Pause, ?Host",subscribed,'
        "2022-03-22,unknown\n"
        "u2,Bo,,bo@example.org,,,,,,US,,unsubscribed,2022-03-22,unknown\n"
        "u3,Cy,,cy@example.org,,,,,,US,,bouncing,,unknown\n"
        "u4,Di,,di@example.org,,,,,,US,,spam complaint,,unknown\n",
        **AGREED,
    )

    assert (run.format, run.made, run.subscribed) == ("action-network", 4, 1)
    assert person("ada@example.org").timezone == "America/Los_Angeles"
    assert tags("ada@example.org") == {"#pause", "?host"}
    assert is_active("ada@example.org")
    assert not is_active("bo@example.org")
    found = [suppression_of(f"{name}@example.org") for name in ("cy", "di")]
    assert [one and one.reason for one in found] == ["bounce", "complaint"]


def test_listmonk_s_export_is_read_as_it_is(imported: Importer) -> None:
    run = imported(
        "uuid,email,name,attributes,status,created_at,updated_at\n"
        'u1,ada@example.org,Ada,"{""city"": ""Lyon"", ""country"": ""France"", ""tags"": '
        '[""a"", ""b""], ""n"": {}}",enabled,2024-01-02 15:04:05.123456 +0000 UTC,'
        "2024-01-02 15:04:05.123456 +0000 UTC\n"
        "u2,bo@example.org,Bo,{},disabled,2024-01-02 15:04:05 +0000 UTC,\n"
        "u3,cy@example.org,Cy,not json,blocklisted,2024-01-02 15:04:05 +0000 UTC,\n",
        **AGREED,
    )

    assert (run.format, run.made, run.subscribed) == ("listmonk", 3, 1)
    assert person("ada@example.org").timezone == "Europe/Paris"
    assert tags("ada@example.org") == {"a", "b"}
    assert not is_active("bo@example.org")
    assert suppression_of("cy@example.org") is not None


def test_what_was_exported_changes_nothing_when_it_is_imported(imported: Importer) -> None:
    imported(
        "email,name,country,city,language,newsletter,tags\n"
        'ada@example.org,\'=1+1,GB,London,en,yes,"one, two"\n'
        "bo@example.org,-Bo,,Atlantis,pt_BR,left,\n"
        'cy@example.org,"O""Brien, ""Cy""",,,,,"""a, b"",""c"""\n',
        **AGREED,
    )
    before = "".join(exports.lines(queries.everybody()))
    rows_before = db.session.execute(select(Person.__table__)).all()

    run = imported(before, name="again.csv", **AGREED)

    assert run.format == "own"
    assert (run.made, run.subscribed, run.refused) == (0, 0, 0)
    assert "".join(exports.lines(queries.everybody())) == before
    assert db.session.execute(select(Person.__table__)).all() == rows_before
    assert len(db.session.scalars(select(Consent)).all()) == 1


def test_names_of_countries_and_languages_are_understood_in_large_languages() -> None:
    assert [words.country_code(name) for name in ("gb", "UK", "Deutschland", "États-Unis")] == [
        "GB", "GB", "DE", "US",
    ]  # fmt: skip
    assert [words.language_code(name) for name in ("DE", "pt-br", "zh-hant", "Français")] == [
        "de", "pt_BR", "zh_Hant", "fr",
    ]  # fmt: skip
    assert (words.country_code("Mordor"), words.language_code("Orkish")) == ("", "")
