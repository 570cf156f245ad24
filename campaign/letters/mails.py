"""What we write about letters: the letter itself, its copy, the confirmation and its reminder."""

from datetime import datetime
from html import escape

from campaign import tokens
from campaign.languages import _, force_locale
from campaign.languages import lazy_gettext as _l
from campaign.letters.models import Letter
from campaign.outbox.fields import Recipient, Value, field_of_mails
from campaign.outbox.kinds import Kind, kind
from campaign.outbox.mail import Content, Mail
from campaign.outbox.mail_headers import display_name
from campaign.outbox.placeholders import Placeholders
from campaign.people.mails import language_of
from campaign.templating import public_url, render_mail, wrapped

CONFIRMATION = kind(
    "letter-confirmation", _l("please confirm: letter"), is_caused_by_strangers=True
)
REMINDER = kind("letter-reminder", _l("reminder: letter"), is_caused_by_strangers=True)
# What is said is between a supporter and an office of state.
LETTER = kind("letter", _l("letter to a post"), is_private=True)
COPY = kind("letter-copy", _l("copy of a letter"), is_private=True)

# What a link of a mail is for; a link for one does not open the other.
CONFIRM, NOT_ME = "letter:confirm", "letter:not-me"


def confirmation(letter: Letter) -> Mail:
    """Ask whether the letter is theirs; nothing of what was typed in their name stands in it."""
    return _asking(letter, CONFIRMATION)


def reminder(letter: Letter) -> Mail:
    """Ask once more, a day later, and for the last time."""
    return _asking(letter, REMINDER)


def _asking(letter: Letter, kind: Kind) -> Mail:
    language, post, summit = language_of(letter.person), letter.post, letter.summit

    def write(field: Placeholders) -> Content:
        is_reminder = kind == REMINDER
        with force_locale(language):
            text, html = render_mail(
                "letters/mail/confirmation",
                is_reminder=is_reminder,
                post=post,
                summit=summit,
                confirm_url=public_url("letters.confirm_send", token=field("letter_confirm")),
                not_me_url=public_url("letters.confirm_disown", token=field("letter_not_me")),
            )
            subject = (
                _("Your letter has not been sent yet")
                if is_reminder
                else _("Please confirm your letter")
            )
        return Content(subject=subject, text=text, html=html, language=language)

    return Mail(
        kind=kind,
        to=letter.person.email,
        person_id=letter.person_id,
        key=(language, post.title, post.country, summit and summit.name),
        write=write,
        fields={"token": letter.token, "key": letter.key},
        thread=letter.thread,
        is_own_act=True,
    )


def letter_to_post(letter: Letter, *, campaign: str) -> Mail:
    """Write the letter itself: the supporter's words alone, and the answer goes to them.

    All of it is theirs, and goes when they go: its text is nothing but placeholders.
    """
    with force_locale(letter.language):
        via = _(" via %(campaign)s", campaign=display_name(campaign)[:40])
    return Mail(
        kind=LETTER,
        to=letter.post.email,
        # Theirs although it goes to the post: who is forgotten takes an unsent letter along.
        person_id=letter.person_id,
        key=("",),
        write=lambda field: Content(
            subject=field("letter_subject"),
            text=field("letter_words") + "\n",
            sender_name=field("sender"),
            reply_to=field("reply_to"),
        ),
        fields={
            "subject": letter.subject,
            "words": letter.body,
            "sender": display_name(letter.name)[: 75 - len(via)] + via,
            "reply_to": letter.person.email,
        },
        is_automatic=False,
    )


def copy(letter: Letter) -> Mail:
    """Write the supporter's copy of what left."""
    language, post, has_name = language_of(letter.person), letter.post, bool(letter.name)

    def write(field: Placeholders) -> Content:
        with force_locale(language):
            text, html = render_mail(
                "letters/mail/copy",
                name=field("name") if has_name else "",
                post=post,
                language_of_letter=letter.language,
                heading=field("letter_heading"),
                subject=field("letter_subject"),
                words=field("letter_words"),
            )
            subject = _("Copy of your letter: %(subject)s", subject=field("letter_subject"))
        return Content(subject=subject, text=text, html=html, language=language)

    return Mail(
        kind=COPY,
        to=letter.person.email,
        to_name=letter.name,
        person_id=letter.person_id,
        key=(language, letter.language, has_name, post.title, post.country),
        write=write,
        fields={"subject": letter.subject, "words": letter.body},
        thread=letter.thread,
        is_own_act=True,
    )


@field_of_mails("letter_confirm")
def _confirm(reader: Recipient, now: datetime) -> Value:
    return Value(tokens.sign(CONFIRM, reader.fields["token"]))


@field_of_mails("letter_not_me")
def _not_me(reader: Recipient, now: datetime) -> Value:
    return Value(tokens.sign(NOT_ME, reader.fields["key"]))


@field_of_mails("letter_subject")
def _subject(reader: Recipient, now: datetime) -> Value:
    return Value(reader.fields["subject"])


@field_of_mails("letter_heading")
def _heading(reader: Recipient, now: datetime) -> Value:
    """Underline the subject, as `macros/mail.txt` does what it knows when a text is written."""
    subject = wrapped(reader.fields["subject"])
    return Value(f"{subject}\n{'-' * min(len(subject), 60)}")


@field_of_mails("letter_words")
def _words(reader: Recipient, now: datetime) -> Value:
    words = reader.fields["words"]
    paragraphs = [escape(one).replace("\n", "<br>") for one in words.split("\n\n")]
    html = "\n".join(f"{_PARAGRAPH}{one}</p>" for one in paragraphs)
    return Value(wrapped(words), html)


# As `mail.css` has it: what is put in when a mail is sent comes too late for that to be inlined.
_PARAGRAPH = '<p style="margin: 0 0 8px;">'
