"""Statuses in files: who left elsewhere is subscribed by no program's export, under no name."""

import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from campaign import clock
from campaign.db import count_of, db
from campaign.imports import csv_files, duties, formats, statuses
from campaign.imports.chunks import cutting
from campaign.imports.models import Import, Stage
from campaign.imports.verbs import settle, start, take_in
from campaign.outbox.suppressions.queries import suppression_of
from campaign.outbox.suppressions.verbs import suppress
from campaign.people import exports, queries, verbs
from campaign.people.cli import cli
from campaign.people.models import NOT_ME, Person, Purpose, Subscription
from campaign.people.policy import CONFIRM_WITHIN
from campaign.people.subscriptions import queries as subscriptions_queries
from campaign.people.subscriptions import verbs as subscriptions_verbs
from tests.visitor import Visitor, forms_in

NEWSLETTER = Purpose.NEWSLETTER
ASKED = "asked"


def outcome(folder: Path, content: str, name: str = "people.csv") -> dict[str, str] | str:
    """Tell how each in a file stands by its local part, or that somebody is asked first."""
    file = folder / "file.csv"
    file.write_text(content)
    shape = csv_files.look(file)
    service, mapping = formats.recognised(shape.header)
    status = formats.status_of(name, service=service)
    if statuses.UNCLEAR in [*mapping, status]:
        return ASKED
    run = Import(
        encoding=shape.encoding, delimiter=shape.delimiter, header=shape.header, mapping=mapping,
        status=status, rows=0,
    )  # fmt: skip
    try:
        chunks = list(cutting.read(run, file, now=clock.now()))
    except statuses.UnclearColumn:
        return ASKED
    assert not any(chunk.refused for chunk in chunks)
    people = [person for chunk in chunks for person in chunk.people.values()]
    return {person.email.partition("@")[0]: person.status for person in people}


# What programs write, and who in it may be subscribed. Others are `out` in one way or another.
KNOWN_PROGRAMS = {
    "substack": "email,active_subscription,email_disabled,created_at\n"
    "in@x.example,false,false,2025-01-01\nout@x.example,true,true,2025-01-01\n",
    "action-network": "email,can2_subscription_status,can2_sms_status\n"
    "in@x.example,subscribed,unsubscribed\nout@x.example,bouncing,subscribed\n",
    "listmonk": "uuid,email,name,attributes,status\n1,in@x.example,,{},enabled\n"
    "2,out@x.example,,{},blocklisted\n",
    "ghost": "id,email,name,note,subscribed_to_emails,complimentary_plan,created_at,deleted_at,"
    "labels\n1,in@x.example,,,true,false,2024-01-01T00:00:00.000Z,,a\n"
    "2,out@x.example,,,false,false,2024-01-01T00:00:00.000Z,,\n",
    "brevo": "CONTACT ID;EMAIL;FIRSTNAME;LASTNAME;SMS;EMAIL_BLACKLISTED;SMS_BLACKLISTED;"
    "ADDED_TIME\n"
    "1;in@x.example;In;;;NO;YES;2024-01-01\n2;out@x.example;;;;YES;NO;2024-01-01\n",
    "phplist": "id,email,confirmed,blacklisted,bouncecount,htmlemail\n1,in@x.example,1,0,2,1\n"
    "2,out@x.example,1,1,0,1\n3,out2@x.example,0,0,0,1\n",
    "mautic": "id,email,firstname,doNotContact\n1,in@x.example,In,0\n2,out@x.example,,1\n",
    "civicrm": "Contact ID,Email,Do Not Email,Do Not Phone,Do Not Mail,Is Opt Out,On Hold\n"
    "1,in@x.example,,1,1,0,0\n2,out@x.example,1,,,0,0\n3,out2@x.example,,,,1,0\n"
    "4,out3@x.example,,,,0,1\n5,out4@x.example,,,,0,2\n6,out5@x.example,,,,No,On Hold Opt Out\n",
    "cleverreach in German": "E-Mail;Registriert;Aktiviert;Deaktiviert\n"
    "in@x.example;2024-01-01;2024-01-02;\nout@x.example;2024-01-01;2024-01-02;2024-03-01\n"
    "out2@x.example;2024-01-01;0;\n",
    "mailerlite": "Subscriber,Sent,Opens,Clicks,Subscribed,Unsubscribed\n"
    "in@x.example,1,1,0,2024-01-01 10:00:00,\n"
    "out@x.example,1,1,0,2024-01-01 10:00:00,2024-02-01 10:00:00\n",
    "hubspot": "Record ID,Email,Unsubscribed from all email,Email hard bounce reason\n"
    "1,in@x.example,,\n2,out@x.example,true,\n3,out2@x.example,,UNKNOWN_USER\n",
    "salesforce": "Id,Email,HasOptedOutOfEmail,EmailBouncedDate\n1,in@x.example,false,\n"
    "2,out@x.example,true,\n3,out2@x.example,0,2024-01-01T10:00:00.000Z\n",
    "nationbuilder": "nationbuilder_id,email,email_opt_in,email1_is_bad,unsubscribed_at,tag_list\n"
    "1,in@x.example,true,false,,a\n2,out@x.example,false,false,,\n3,out2@x.example,true,true,,\n"
    "4,out3@x.example,true,false,2024-01-01,\n",
    "cleverreach": "email;registered;activated;deactivated;bounced;source\n"
    "in@x.example;1700000000;1700000100;0;0;form\nout@x.example;1700000000;1700000100;1710000000;0;\n"
    "out2@x.example;1700000000;0;0;0;\nout3@x.example;1700000000;1700000100;0;1;\n",
    "buttondown": "email,subscriber_type,tags,creation_date\nin@x.example,regular,,2024-01-01\n"
    "out@x.example,unsubscribed,,2024-01-01\nout2@x.example,unactivated,,2024-01-01\n"
    "out3@x.example,removed,,2024-01-01\n",
    "mailjet": "email,IsExcludedFromCampaigns,IsOptInPending\nin@x.example,false,\n",
    "keila": "Email,First name,Last name,Data,Status,External ID\nin@x.example,,,{},active,\n"
    "out@x.example,,,{},unsubscribed,\nout2@x.example,,,{},unreachable,\n",
    "mailpoet": "Email,First Name,List Status,Global Status\nin@x.example,,subscribed,subscribed\n"
    "out@x.example,,subscribed,unsubscribed\nout2@x.example,,unsubscribed,subscribed\n"
    "out3@x.example,,subscribed,bounced\nout4@x.example,,unconfirmed,subscribed\n",
    "acymailing": "name,email,active,confirmed,cms_id\n,in@x.example,1,1,0\n,out@x.example,0,1,0\n"
    ",out2@x.example,1,0,0\n",
    "constant-contact": "Email address,First name,Email permission status,Email Optout Date\n"
    "in@x.example,,Express,\nout@x.example,,Unsubscribed,2024-01-01\n",
    "other": "E-Mail;Abonniert\nin@x.example;ja\nout@x.example;nein\n",
}


@pytest.mark.parametrize("service", KNOWN_PROGRAMS)
def test_a_known_program_s_export_is_understood(tmp_path: Path, service: str) -> None:
    content = KNOWN_PROGRAMS[service]

    found = outcome(tmp_path, content)

    header = csv_files.look(tmp_path / "file.csv").header
    assert formats.recognised(header)[0] == service.partition(" in ")[0]
    if service == "mailjet":
        # It has one column more than we know the meaning of.
        assert found == ASKED
        return
    assert isinstance(found, dict)
    assert found.pop("in") == statuses.SUBSCRIBED
    assert found
    assert statuses.SUBSCRIBED not in found.values()


# These say it in a column that could be anything: somebody is asked.
OTHER_PROGRAMS = {
    "drip": "email,status,created_at,lifetime_value\nout@x.example,unsubscribed,2024-01-01,0\n",
    "kit": "first_name,email_address,created_at,state\n,out@x.example,2024-01-01,cancelled\n",
    "beehiiv": "email,status,subscribed_at\nout@x.example,inactive,2024-01-01\n",
    "sendy": "Name,Email,Last activity,Status\n,out@x.example,,Unsubscribed\n",
    "mailtrain": "cid,email,status,first_name\n1,out@x.example,UNSUBSCRIBED,\n",
    "rapidmail": "email;firstname;status;bounces\nout@x.example;;deleted;0\n",
    "lemon squeezy": "name,email,status,status_formatted\n,out@x.example,bounced,Bounced\n",
    "google groups": "Email address,Group status,Email status\nout@x.example,member,bouncing\n",
    "mailman": "email,delivery_status\nout@x.example,by_bounces\n",
    "mobilize": "email,email_opt_in_status\nout@x.example,UNSUBSCRIBE\n",
    "hubspot's bounces": "Email,Portal Bounce,Portal Unsubscribe,Marketing Information\n"
    "out@x.example,,,TRUE\n",
}


@pytest.mark.parametrize("program", OTHER_PROGRAMS)
def test_a_program_s_own_words_are_asked_about(tmp_path: Path, program: str) -> None:
    assert outcome(tmp_path, OTHER_PROGRAMS[program]) == ASKED


# Columns that somebody's export has, and a value that says: do not write.
TELLING_COLUMNS = [
    ("Status", "unsubscribed"), ("status", "Unsubscribed"), ("State", "cancelled"),
    ("Zustand", "abgemeldet"), ("Statut", "désabonné"), ("Estado", "dado de baja"),
    ("Stato", "disiscritto"), ("Status", "Uitgeschreven"), ("Статус", "Отписан"),
    ("状態", "配信停止"), ("Email status", "bouncing"), ("Group", "hard_bounced"),
    ("Label", "Spam Complaint"), ("Kategorie", "gesperrt"), ("x", "do-not-contact"),
    ("email_disabled", "true"), ("EMAIL_BLACKLISTED", "YES"), ("blacklisted", "1"),
    ("confirmed", "0"), ("doNotContact", "1"), ("do_not_email", "1"), ("Opt-out", "x"),
    ("opt_out", "t"), ("Opted Out?", "Yes"), ("is_opt_out", "1"), ("On Hold", "1"),
    ("subscriber_type", "unsubscribed"), ("Abonniert", "nein"), ("Abonné", "non"),
    ("Inscrit à la lettre", "non"), ("Suscrito", "no"), ("Iscritto", "falso"),
    ("Ingeschreven", "nee"), ("Подписан", "нет"), ("メール配信", "いいえ"),
    ("subscribed_to_emails", "false"), ("is_subscribed", "FALSE"), ("Subscribed", "0"),
    ("opt_in", "0"), ("Newsletter opt-in", "no"), ("Consent given", "no"),
    ("GDPR permission", "denied"), ("Marketing permissions", "no"), ("Receives mail", "n"),
    ("Einwilligung", "nein"), ("active", "0"), ("Aktiv", "FALSCH"), ("Deleted", "VRAI"),
    ("unsubscribed_at", "2024-01-01 10:00:00"), ("UNSUB_TIME", "01/02/2024"),
    ("Opt-out date", "1.2.2024"), ("bounced_at", "2024-01-01"), ("Bounce count", "7"),
    ("email1_is_bad", "true"), ("Invalid email", "WAHR"), ("suppressed", "1"),
    ("Marked as spam", "1"), ("complained", "2024-01-01"), ("unsubscribe reason", "too many"),
    ("nomail", "1"), ("No Bulk Emails (User Opt Out)", "Yes"), ("confirmed_at", ""),
    ("Newsletter", "unsubscribed"), ("newsletter", "no"), ("newsletter", "maybe later"),
    ("\u200bS\u00adtatus", "unsubscribed"), ("HasOptedOutOfEmail", "1"),
    ("Deaktiviert", "2024-03-02 10:00:00"), ("Inaktiv seit", "1.2.2024"), ("Aktiviert", "0"),
    ("Do not mail", "x"), ("Unsubscribed mail/phone", "yes"), ("Email OK", "no"),
    ("Can email", "0"), ("Send emails?", "nein"), ("E-mail allowed", "FALSE"),
    ("Keine Mails", "ja"), ("Pas de mail", "oui"), ("OK to contact", "no"), ("Widerruf", "ja"),
    ("Email preference", "no email"), ("Nieuwsbrief", "nee"), ("Boletín", "no"),
    ("Infolettre", "non"), ("Einverstanden", "nein"), ("Keep me informed", "no"),
    ("Left on", "2024-01-01"), ("Verstorben", "1"), ("is_deceased", "true"), ("Stop", "x"),
    ("Group", "Unsubscribed by admin"), ("Source", "unsubscribed (manual)"), ("x", "Opt-out 2023"),
    ("Estado", "inactivo"), ("Stan", "nieaktywny"), ("状态", "退订"), ("Stato", "non iscritto"),
    ("delivery", "by_user"), ("Tags", "march; Unsubscribed"), ("tags", "do-not-email"),
    ("Tag", "hard bounced; poet"), ("unsubscribed_at", "Manually"),
]  # fmt: skip


@pytest.mark.parametrize(("column", "value"), TELLING_COLUMNS)
def test_no_column_that_may_say_who_left_is_passed_over(
    tmp_path: Path, column: str, value: str
) -> None:
    found = outcome(tmp_path, f"Email,{column}\nout@x.example,{value}\n")

    assert found == ASKED or (isinstance(found, dict) and found["out"] != statuses.SUBSCRIBED)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("Group", "poets"), ("State", "WA"), ("created_at", "2024-01-01"), ("Notes", "a friend"),
        ("Subscription date", "2024-01-01"), ("subscribed_at", "2024-01-01"), ("Phone", "123"),
        ("optin_ip", "192.0.2.1"), ("SMS opt-out", "yes"), ("do_not_phone", "1"),
        ("Mailing address", "1 Road"), ("Last activity", "2024-01-01"), ("Volunteer", "no"),
        ("Rating", "2"), ("subscriber id", "7"), ("How often", "never"),
        ("Mailing State", "ON"), ("Email 2", "b@x.example"), ("Emails sent", "1"),
        ("Email domain", "x.example"), ("Mailing City", "No"), ("unsubscribed_at", "-"),
        ("Unsubscribed on", "Never"), ("Bounce date", "1970-01-01"),
        ("Opt-out date", "(no value)"),
        ("bounced_at", "—"), ("UNSUB_TIME", "01.01.1970"), ("Notes", "opted to bring cake"),
        ("Tags", "inactive volunteer; disabled access"), ("Do not email", "-"),
        ("Bereich", "aussen"),
    ],
)  # fmt: skip
def test_what_says_nothing_of_it_stops_nobody(tmp_path: Path, column: str, value: str) -> None:
    assert outcome(tmp_path, f"Email,{column}\nin@x.example,{value}\n") == {"in": "subscribed"}


@pytest.mark.parametrize(
    ("cells", "stands"),
    [
        ("yes,yes,", statuses.SUBSCRIBED),
        ("yes,no,", statuses.LEFT),
        ("yes,yes,1", statuses.BOUNCED),
        ("no,yes,", statuses.KNOWN),
        ("unsubscribed,yes,1", statuses.BOUNCED),
        ("complained,no,1", statuses.COMPLAINED),
        ("yes,yes,perhaps", statuses.KNOWN),
        ("yes,,", statuses.KNOWN),
        ("yes,yes,never", statuses.KNOWN),
        ("yes,unsubscribed by hand,", statuses.LEFT),
    ],
)
def test_of_columns_that_disagree_the_more_careful_one_wins(
    tmp_path: Path, cells: str, stands: str
) -> None:
    found = outcome(tmp_path, f"email,newsletter,subscribed,bounced\na@x.example,{cells}\n")

    assert found == {"a": stands}


@pytest.mark.parametrize(
    "word",
    "yes WAHR VRAI VERDADERO vero SANT PRAWDA ИСТИНА igaz 1 x ✓ はい TRUE".split(),  # noqa: SIM905
)
def test_yes_is_understood_as_spreadsheets_write_it(tmp_path: Path, word: str) -> None:
    good = outcome(tmp_path, f"email,newsletter\na@x.example,{word}\n")
    bad = outcome(tmp_path, f"email,unsubscribed\na@x.example,{word}\n")

    assert (good, bad) == ({"a": statuses.SUBSCRIBED}, {"a": statuses.LEFT})


@pytest.mark.parametrize(
    "word",
    "no FALSCH FAUX FALSO USANT FAŁSZ ЛОЖЬ hamis 0 いいえ FALSE n/a 0000-00-00".split(),  # noqa: SIM905
)
def test_no_is_understood_as_spreadsheets_write_it(tmp_path: Path, word: str) -> None:
    good = outcome(tmp_path, f"email,unsubscribed\na@x.example,{word}\n")
    bad = outcome(tmp_path, f"email,subscribed\na@x.example,{word}\n")

    assert (good, bad) == ({"a": statuses.SUBSCRIBED}, {"a": statuses.LEFT})


@pytest.mark.parametrize(
    "name",
    [
        "Copy of nonsubscribed_members_export_1.csv", "unsubscribed (2).csv", "Unsubscribers.csv",
        "non-subscribed.csv", "Kopie von cleaned_members.csv", "hard bounces 2024.csv",
        "bounced.csv", "Suppression list.csv", "suppressed-emails.csv", "blacklist.csv",
        "email_blocklist.csv", "opt-outs.csv", "OptedOut.csv", "complaints.csv", "abgemeldet.csv",
        "Abmeldungen Mai.csv", "désabonnés.csv", "uitgeschreven.csv", "отписавшиеся.csv",
        "do-not-mail.csv", "invalid addresses.csv", "pending.csv", "unconfirmed.csv",
        "inactive.csv", "deleted.csv", "spam.csv", "Desinscrits.CSV",
    ],
)  # fmt: skip
def test_a_file_named_after_those_who_left_subscribes_nobody_unasked(
    tmp_path: Path, name: str
) -> None:
    ours = outcome(tmp_path, "email\nout@x.example\n", name)
    theirs = outcome(tmp_path, "Email Address,MEMBER_RATING,LEID\nout@x.example,,\n", name)

    assert ours == ASKED
    assert theirs == ASKED or theirs in [{"out": statuses.KNOWN}, {"out": statuses.BOUNCED}]


@pytest.mark.parametrize(
    "name", ["people.csv", "subscribed_members_export_1.csv", "subscribers.csv", "Abonnenten.csv"]
)
def test_an_ordinary_name_asks_nothing(name: str) -> None:
    assert formats.status_of(name, service="mailchimp") == ""
    assert formats.status_of(name, service="other") == ""


def command(app: Flask, folder: Path, content: str, *words: str, name: str = "list.csv") -> Result:
    file = folder / name
    file.write_text(content)
    return app.test_cli_runner().invoke(cli, ["import", str(file), "--consent", "News.", *words])


def stands(app: Flask, email: str) -> str:
    with app.app_context():
        found = queries.by_email(email)
        assert found is not None
        subscription = subscriptions_queries.subscription_of(found.id, NEWSLETTER)
        if subscription is None:
            return ""
        return "active" if subscription.is_active else "left"


LIST = "Email,Status\nin@example.org,ok\nout@example.org,unsubscribed\n"


def test_the_command_stops_with_a_sentence_until_it_is_told(app: Flask, tmp_path: Path) -> None:
    for words in ((), ("--dry-run",)):
        stopped = command(app, tmp_path, LIST, *words)

        assert stopped.exit_code == 1
        assert "The column “Status” seems to tell who has left" in stopped.output
        assert '--map "Status=FIELD"' in stopped.output
    with app.app_context():
        assert count_of(select(Import)) == count_of(select(Person)) == 0

    told = command(app, tmp_path, LIST.replace(",ok", ",subscribed"), "--map", "Status=newsletter")

    assert told.exit_code == 0, told.output
    assert (stands(app, "in@example.org"), stands(app, "out@example.org")) == ("active", "left")


def test_the_command_takes_a_column_for_no_status_where_it_is_told_so(
    app: Flask, tmp_path: Path
) -> None:
    told = command(app, tmp_path, "Email,Status\nin@example.org,married\n", "--map", "Status=")

    assert told.exit_code == 0, told.output
    assert stands(app, "in@example.org") == "active"


def test_columns_of_one_name_are_told_about_at_once(app: Flask, tmp_path: Path) -> None:
    content = "Email,Status,Status,,\nin@example.org,subscribed,1,pending,removed\n"

    told = command(app, tmp_path, content, "--map", "Status=newsletter", "--map", "=")

    assert told.exit_code == 0, told.output
    assert stands(app, "in@example.org") == "active"


def test_a_word_far_down_in_a_column_left_out_stops_before_anybody_is_saved(
    app: Flask, tmp_path: Path
) -> None:
    many = "".join(f"p{number}@example.org,poet\n" for number in range(2500))

    stopped = command(app, tmp_path, f"Email,Circle\n{many}out@example.org,Unsubscribed\n")

    assert stopped.exit_code == 1
    assert "“Circle” seems to tell" in stopped.output
    assert "“Unsubscribed”" in stopped.output
    with app.app_context():
        assert count_of(select(Person)) == 0


def test_the_command_asks_what_a_name_means(app: Flask, tmp_path: Path) -> None:
    content = "email\nout@example.org\n"

    stopped = command(app, tmp_path, content, name="Copy of nonsubscribed.csv")
    told = command(app, tmp_path, content, "--everybody", "left", name="Copy of nonsubscribed.csv")

    assert stopped.exit_code == 1
    assert "Say what they are. --everybody" in stopped.output
    assert told.exit_code == 0, told.output
    assert stands(app, "out@example.org") == "left"


IMPORTS = "/office/imports"
CONSENT = {"wording": "News.", "source": "list on paper"}


@pytest.fixture(autouse=True)
def _empty_folder(request: pytest.FixtureRequest) -> Iterator[None]:
    if "app" not in request.fixturenames:
        yield
        return
    folder = Path(request.getfixturevalue("app").config["INSTANCE"]) / "imports"
    yield
    for file in folder.glob("*"):
        file.unlink()


def upload(browser: Visitor, content: str, name: str = "people.csv") -> str:
    sent = browser.send(IMPORTS, action=IMPORTS, file=(io.BytesIO(content.encode()), name))
    return str(sent.headers["Location"])


def work(app: Flask) -> None:
    with app.app_context():
        duties.read()


def test_the_office_asks_beside_the_column_and_imports_nobody_before(
    app: Flask, organiser: Visitor
) -> None:
    address = upload(organiser, LIST)
    seen = organiser.open(address)
    unsaid = organiser.send(address, action="/check", **CONSENT)
    token = forms_in(seen.text)[-1]["fields"]["csrf_token"]
    unchecked = organiser.post(f"{address}/start", {"csrf_token": token})
    said = organiser.send(address, action="/check", column_1="newsletter", **CONSENT)
    work(app)
    organiser.send(address, action="/start")
    work(app)

    assert "It is not clear yet who in this file has left" in seen.text
    assert unsaid.status_code == 422
    assert "it may name those who left" in unsaid.text
    assert "list on paper" in unsaid.text
    assert unchecked.status_code == 409
    assert "Check the file first" in unchecked.text
    assert said.status_code == 303
    assert (stands(app, "in@example.org"), stands(app, "out@example.org")) == ("", "left")


def test_the_office_asks_about_a_column_in_which_the_check_found_a_word(
    app: Flask, organiser: Visitor
) -> None:
    address = upload(organiser, "Email,Circle\nin@example.org,poet\nout@example.org,opted out\n")
    organiser.send(address, action="/check", **CONSENT)
    work(app)
    asked = organiser.open(address)
    organiser.send(address, action="/check", column_1="no_status", **CONSENT)
    work(app)
    checked = organiser.open(address)

    assert "It is not clear yet" in asked.text
    assert "nothing of who has left" in asked.text
    assert "Import these people" in checked.text
    assert "It is not clear yet" not in checked.text


def test_the_office_asks_what_a_name_means(app: Flask, organiser: Visitor) -> None:
    address = upload(organiser, "email\nout@example.org\n", "Bounced.csv")
    unsaid = organiser.send(address, action="/check", **CONSENT)
    said = organiser.send(address, action="/check", everybody="bounced", **CONSENT)
    work(app)
    organiser.send(address, action="/start")
    work(app)

    assert unsaid.status_code == 422
    assert "Its name says that they are not subscribed." in unsaid.text
    assert said.status_code == 303
    assert stands(app, "out@example.org") == ""
    with app.app_context():
        found = suppression_of("out@example.org")
        assert found
        assert found.reason == "bounce"


def take(folder: Path, content: str, **how: Any) -> Import:
    file = folder / "people.csv"
    file.write_text(content)
    run = take_in(file, name=file.name, now=clock.now())
    settle(run, wording="News.", source="list", **how)
    start(run)
    db.session.commit()
    for _ in duties.work(run, file):
        pass
    return run


def _left_here(email: str) -> None:
    person = verbs.remember(email, now=clock.now())
    subscriptions_verbs.confirm(
        subscriptions_verbs.ask(person, NEWSLETTER, wording="Yes.", form="test", now=clock.now()),
        now=clock.now(),
    )
    subscriptions_verbs.leave(person.id, NEWSLETTER, through="link", now=clock.now())


def _left_elsewhere(email: str, folder: Path) -> None:
    take(folder, f"email,newsletter\n{email},left\n")


@pytest.mark.parametrize("where", ["here", "elsewhere"])
def test_who_left_stays_left_whoever_types_their_address_until_they_press_the_button(
    app: Flask, tmp_path: Path, where: str
) -> None:
    email = "ada@example.org"
    with app.app_context():
        if where == "here":
            _left_here(email)
        else:
            _left_elsewhere(email, tmp_path)
        person = queries.by_email(email)
        assert person
        subscription = subscriptions_verbs.ask(
            person, NEWSLETTER, wording="?", form="form", now=clock.now()
        )
        db.session.commit()

        run = take(tmp_path, f"email,newsletter\n{email},yes\n", agreed_on=date(2026, 5, 1))
        db.session.refresh(subscription)
        after_the_import = (run.subscribed, run.left_out, subscription.is_active)
        is_pending = subscription.is_pending
        subscriptions_verbs.confirm(subscription, now=clock.now())

        assert after_the_import == (0, 1, False)
        assert is_pending
        assert subscription.is_active


@pytest.mark.parametrize("where", ["here", "elsewhere"])
def test_a_stranger_s_question_runs_out_and_they_have_left_still(
    app: Flask, tmp_path: Path, where: str
) -> None:
    email = "ada@example.org"
    with app.app_context():
        if where == "here":
            _left_here(email)
        else:
            _left_elsewhere(email, tmp_path)
        person = queries.by_email(email)
        assert person
        subscriptions_verbs.ask(person, NEWSLETTER, wording="?", form="form", now=clock.now())
        subscriptions_verbs.expire_pending(NEWSLETTER, now=clock.now() + CONFIRM_WITHIN)
        db.session.commit()

        subscription = db.session.scalars(select(Subscription)).one()
        assert subscription.left_at
        assert not subscription.is_pending
        assert all(
            consent.form != "form" for consent in subscriptions_queries.consents_of(person.id)
        )


def test_who_leaves_again_takes_the_question_back(app: Flask) -> None:
    with app.app_context():
        _left_here("ada@example.org")
        person = queries.by_email("ada@example.org")
        assert person
        subscription = subscriptions_verbs.ask(
            person, NEWSLETTER, wording="?", form="form", now=clock.now()
        )

        is_new = subscriptions_verbs.leave(person.id, NEWSLETTER, through="link", now=clock.now())

        assert is_new
        assert not subscription.is_pending
        assert not subscriptions_verbs.leave(person.id, NEWSLETTER, through="link", now=clock.now())


def test_an_export_says_why_not_and_is_understood_elsewhere(app: Flask, tmp_path: Path) -> None:
    reasons = {"bo": "bounce", "cy": "complaint", "di": NOT_ME, "ed": "office", "fay": "never"}
    with app.app_context():
        take(tmp_path, "email\n" + "".join(f"{name}@example.org\n" for name in ["ada", *reasons]))
        for name, reason in reasons.items():
            suppress(f"{name}@example.org", reason=reason, now=clock.now())
        _left_here("gil@example.org")
        suppress("gil@example.org", reason="bounce", now=clock.now())
        db.session.commit()

        written = "".join(exports.lines(queries.everybody()))
        said = {line.split(",")[0][:-12]: line.split(",")[5:] for line in written.splitlines()[1:]}
        for person in db.session.scalars(select(Person)):
            verbs.let_go(person)
        db.session.execute(db.metadata.tables["outbox_suppression"].delete())
        db.session.commit()
        elsewhere = take(tmp_path, written)

        assert said == {
            "ada": ["yes", "", ""], "bo": ["no", "", "bounced"], "cy": ["no", "", "complained"],
            "di": ["no", "", "never"], "ed": ["no", "", "never"], "fay": ["no", "", "never"],
            "gil": ["left", "", "bounced"],
        }  # fmt: skip
        assert (elsewhere.format, elsewhere.stage, elsewhere.subscribed) == ("own", Stage.DONE, 1)
        assert (
            "".join(exports.lines(queries.everybody())).splitlines()[1:-1]
            == (written.splitlines()[1:-1])
        )
        found = suppression_of("gil@example.org")
        assert found
        assert found.reason == "bounce"
