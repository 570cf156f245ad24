"""Files as people have them: addresses with things around them, names of columns, lines above."""

from collections import Counter
from itertools import product
from pathlib import Path

import pytest

from campaign import clock
from campaign.imports import csv_files, rows
from campaign.imports.formats import recognised

ADA = "ada@example.org"


def read(mapping: list[str], cells: list[str]) -> tuple[rows.Row | str, Counter[str]]:
    notes: Counter[str] = Counter()
    reader = rows.reader(mapping, status="", now=clock.now(), notes=notes)
    return reader(cells), notes


@pytest.mark.parametrize(
    "cell",
    [
        "\u200bada@example.org", "ada@example.org\u200b", "ada\u200b@example.org",
        "\ufeffada@example.org", "ada@exam\u00adple.org", "\u202aada@example.org\u202c",
        "\u2060ada@example.org", "ada@example.org\u00a0", "\u00a0 ada@example.org",
        "Ada Lovelace <ada@example.org>", '"Lovelace, Ada" <ada@example.org>',
        "ada@example.org <ada@example.org>", "<ada@example.org>", "Ada<ADA@Example.org>;",
        "‘Ada’ < ada@example.org >", "mailto:ada@example.org", "MAILTO:ada@example.org",
        "mailto:ada@example.org?subject=Hello", "Ada <mailto:ada@example.org>",
        "<mailto:ada@example.org>", "ada@example.org;", "ada@example.org.", "ada@example.org,",
        "ada@example.org ;", "ada@example.org;;", "'ada@example.org", "'ada@example.org'",
        "’ada@example.org", "‘ada@example.org’", "“ada@example.org”", "«ada@example.org»",
        "„ada@example.org“", "`ada@example.org`", "''ada@example.org", "ada＠example.org",
        "\tada@example.org", "ada@example.org:", ";ada@example.org",
        "ada@example.org (Ada Lovelace)", "Ada  Lovelace\u200b <ada@example.org>.",
    ],
)  # fmt: skip
def test_an_address_is_found_in_what_stands_around_it(cell: str) -> None:
    found, notes = read(["email"], [cell])

    assert isinstance(found, rows.Row), found
    assert found.email == ADA
    assert notes["mended"] == (0 if cell.strip().lower() == ADA else 1)


@pytest.mark.parametrize(
    "cell",
    [
        "ada@example.org; bo@example.org", "ada@example.org/bo@example.org", "ada at example.org",
        "bo@example.org <ada@example.org>", "Ada <ada@example.org> <bo@example.org>",
        "mailto:ada@example.org,bo@example.org", "<ada@example.org>x", "mailto:", "<>", "'", ";",
        ".ada@example.org", "ada@example..org.", "\u200b", "Ada <ada>", "ada@", "@example.org",
        "mailto:mailto:ada@example.org", "=ada@example.org x",
    ],
)  # fmt: skip
def test_what_could_be_another_address_is_refused(cell: str) -> None:
    found, _ = read(["email"], [cell])

    assert found in {rows.ADDRESS, rows.NO_ADDRESS}


@pytest.mark.parametrize("address", ["o'neil@example.org", "hal'@example.org", "a+b@example.org"])
def test_an_address_that_is_right_stays_as_it_is(address: str) -> None:
    found, notes = read(["email"], [address])

    assert isinstance(found, rows.Row)
    assert found.email == address
    assert not notes


@pytest.mark.parametrize(
    "name",
    [
        "E-Mail-Adresse", "Emailadresse", "E-Mail Adresse (privat)", "Adresse e-mail",
        "Adresse électronique", "Courriel", "Votre adresse e-mail", "Correo electrónico",
        "Dirección de correo electrónico", "Indirizzo e-mail", "Posta elettronica",
        "Endereço de e-mail", "Correio eletrônico", "E-mailadres", "Adres e-mail", "Adres e‑mail",
        "Poczta elektroniczna", "E-postadress", "E-postadresse", "Sähköposti",
        "Sähköpostiosoite", "E-posta adresi", "Netfang", "E-mail cím", "Adresa de e-mail",
        "E-mailová adresa", "Эл. почта", "Электронная почта", "Адрес электронной почты",
        "Електронна пошта", "Ηλεκτρονικό ταχυδρομείο", "メール", "メールアドレス", "邮箱",
        "电子邮件",
        "電子郵件", "이메일", "البريد الإلكتروني", "אימייל", "Your email", "email_address", "EMAIL",
        "Primary Email", "\u200bE-Mail", "Meil", "El. paštas",
    ],
)  # fmt: skip
def test_the_column_of_addresses_is_found_in_many_languages(name: str) -> None:
    _, mapping = recognised(["Name", name, "Phone"])

    assert mapping == ["name", "email", ""]


def test_of_two_columns_that_may_hold_addresses_neither_is_guessed() -> None:
    _, mapping = recognised(["Email of the parents", "Email of the child"])

    assert mapping == ["", ""]


ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be")


@pytest.mark.parametrize(
    "above",
    [
        "", "\n\n", "Members of the group\n", "Members;of,the\tgroup\n\n",
        "Export,,\nof 1 May 2026,,\n", "\ufeff\n", "A;B;C;D;E;F\n1;2;3;4;5;6\n\n",
        '"A title, in quotes"\n', "E-mail list of the group\n", "Our mail; and e-mail, too\n",
    ],
)  # fmt: skip
def test_the_names_of_the_columns_are_found_beneath_what_stands_above(
    tmp_path: Path, above: str
) -> None:
    lines = [["Adresse e-mail", "Name"], ["zoe@example.org", "Zoë"], ["bo@example.org", "Bo"]]
    file = tmp_path / "file.csv"
    for sign, encoding in product(",;\t", ENCODINGS):
        text = above + "".join(sign.join(line) + "\r\n" for line in lines)
        file.write_bytes(text.encode(encoding))

        shape = csv_files.look(file)
        found = [row.cells for row in csv_files.rows(file, shape, email=0, notes=Counter())]

        assert (shape.delimiter, shape.header) == (sign, lines[0]), encoding
        assert found == lines[1:], encoding


def test_a_line_that_repeats_the_names_is_a_row_like_others(tmp_path: Path) -> None:
    file = tmp_path / "file.csv"
    file.write_text("List\nemail,name\nada@example.org,Ada\nemail,name\nbo@example.org,Bo\n")

    found = list(csv_files.rows(file, csv_files.look(file), email=0, notes=Counter()))

    assert [row.line for row in found] == [3, 4, 5]


def test_people_above_the_names_of_columns_are_not_skipped(tmp_path: Path) -> None:
    file = tmp_path / "file.csv"
    file.write_text("ada@example.org,Ada\nemail,name\n")

    with pytest.raises(csv_files.NoHeader):
        csv_files.look(file)
