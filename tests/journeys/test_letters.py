"""Journey three: somebody writes to a minister, through us or by themselves."""

from email.message import EmailMessage
from urllib.parse import parse_qs, urlsplit

from tests.journeys.conftest import DESK, PHONE, Site, Windows
from tests.journeys.reader import Reader
from tests.journeys.running import link_in, text_of, wait_until

MINISTER = "minister@gb.example"
OWN_WORDS = "I teach children who will live with what you decide in Geneva."
LONGEST_MAILTO = 1800


def letters_of(site: Site, supporter: str) -> list[EmailMessage]:
    return [
        mail for _key, mail in site.mailbox.mails_to(MINISTER) if supporter in str(mail["Reply-To"])
    ]


def test_a_letter_leaves_once_its_writer_has_pressed_the_button_in_their_mail(
    reader: Reader, site: Site, someone: str
) -> None:
    reader.open("/")
    reader.follow("Write to your minister", within=reader.page.get_by_role("main"))
    reader.page.get_by_label("Which country is yours?").select_option("United Kingdom")
    reader.press("Show me the letter")
    reader.fill(own_words=OWN_WORDS, name="Ada Example", email=someone)
    reader.press("Send it for me")
    assert reader.path == "/write/check-your-mail"
    _key, asking = site.mailbox.wait_for(someone)
    assert OWN_WORDS not in text_of(asking)
    reader.open(link_in(asking, "/write/confirm"))
    assert OWN_WORDS in reader.words
    assert letters_of(site, someone) == []

    reader.press("Send this letter")

    assert reader.heading == "Your letter is on its way"
    wait_until(lambda: bool(letters_of(site, someone)), within=15, what="the letter leaves")
    [letter] = letters_of(site, someone)
    assert str(letter["From"]).startswith("Ada Example via Pause Frontier AI <")
    assert OWN_WORDS in text_of(letter).replace("\n", " ")
    _key, copy = site.mailbox.wait_for(someone, 2)
    assert OWN_WORDS in text_of(copy).replace("\n", " ")


def test_a_letter_can_be_sent_with_ones_own_mail_program(reader: Reader) -> None:
    reader.open("/write/gb")
    reader.fill(own_words=OWN_WORDS, subject="A treaty", body=f"Dear Minister,\n\n{OWN_WORDS}")

    reader.press("Use my own mail program")

    href = reader.page.get_by_role("link", name="Open my mail program").get_attribute("href")
    assert href is not None
    assert len(href) <= LONGEST_MAILTO
    handed_over = parse_qs(urlsplit(href).query)
    assert urlsplit(href).path == MINISTER
    assert handed_over == {"subject": ["A treaty"], "body": [f"Dear Minister,\r\n\r\n{OWN_WORDS}"]}
    reader.press("I have sent it")
    assert reader.heading == "Thank you for writing"


def test_a_letter_too_long_for_a_link_is_there_to_copy(reader: Reader) -> None:
    reader.open("/write/gb")
    reader.fill(own_words=OWN_WORDS)

    reader.press("Use my own mail program")

    href = reader.page.get_by_role("link", name="Open my mail program").get_attribute("href")
    assert href is not None
    assert len(href) <= LONGEST_MAILTO
    assert "body" not in parse_qs(urlsplit(href).query)
    letter = reader.page.get_by_label("The letter")
    assert OWN_WORDS in letter.input_value()
    assert "[" not in letter.input_value()


def test_a_letter_is_copied_by_a_button_where_there_is_script(windows: Windows) -> None:
    reader = windows(viewport=PHONE, permissions=["clipboard-read", "clipboard-write"])
    reader.open("/write/gb")
    reader.fill(own_words=OWN_WORDS)
    reader.press("Copy it and send it myself")

    reader.page.get_by_role("button", name="Copy the letter").click()

    reader.page.get_by_role("button", name="Copied").wait_for()
    copied = reader.page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == reader.page.get_by_label("The letter").input_value().strip()


def test_own_words_and_name_stand_in_the_letter_as_they_are_typed(
    windows: Windows, site: Site, someone: str
) -> None:
    reader = windows(viewport=DESK)
    reader.open("/write/gb")
    letter = reader.page.get_by_label("The letter")
    by_hand = letter.input_value().replace("Dear Minister,", "Dear Sir or Madam,")

    reader.fill(own_words="I teach.", name="Ada Example")
    reader.fill(body=letter.input_value().replace("Dear Minister,", "Dear Sir or Madam,"))
    reader.fill(own_words=OWN_WORDS, email=someone)

    assert letter.input_value() == (
        by_hand.replace("[Your own words will stand here]", OWN_WORDS).replace(
            "[Your name]", "Ada Example"
        )
    )
    reader.press("Send it for me")
    _key, asking = site.mailbox.wait_for(someone)
    reader.open(link_in(asking, "/write/confirm"))
    assert reader.words.count(OWN_WORDS) == 1
    assert "[" not in reader.words


def test_on_a_phone_the_letter_opens_when_asked_for_or_when_something_in_it_is_wrong(
    windows: Windows,
) -> None:
    reader = windows(viewport=PHONE)
    reader.open("/write/gb")
    subject = reader.page.get_by_label("Subject")
    assert not subject.is_visible()
    reader.fill(own_words=OWN_WORDS, subject="")

    reader.press("Copy it and send it myself")

    assert subject.is_visible()


def test_without_scripts_the_letter_lies_open(windows: Windows) -> None:
    reader = windows(viewport=PHONE, java_script_enabled=False)

    reader.open("/write/gb")

    assert reader.page.get_by_label("Subject").is_visible()
