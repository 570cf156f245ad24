"""What we write about letters: the letter itself, its copy, the confirmation and its reminder."""

from campaign import tokens
from campaign.languages import _, force_locale
from campaign.languages import lazy_gettext as _l
from campaign.letters.models import Letter
from campaign.outbox.kinds import Kind, kind
from campaign.outbox.mail import Mail
from campaign.outbox.mail_headers import display_name
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
    with force_locale(language_of(letter.person)):
        return _asking(letter, CONFIRMATION, _("Please confirm your letter"), is_reminder=False)


def reminder(letter: Letter) -> Mail:
    """Ask once more, a day later, and for the last time."""
    with force_locale(language_of(letter.person)):
        return _asking(letter, REMINDER, _("Your letter has not been sent yet"), is_reminder=True)


def _asking(letter: Letter, kind: Kind, subject: str, *, is_reminder: bool) -> Mail:
    text, html = render_mail(
        "letters/mail/confirmation",
        is_reminder=is_reminder,
        post=letter.post,
        summit=letter.summit,
        confirm_url=public_url("letters.confirm_send", token=tokens.sign(CONFIRM, letter.token)),
        not_me_url=public_url("letters.confirm_disown", token=tokens.sign(NOT_ME, letter.key)),
    )
    return Mail(
        kind=kind,
        to=letter.person.email,
        subject=subject,
        text=text,
        html=html,
        person_id=letter.person_id,
        thread=letter.thread,
        is_own_act=True,
    )


def letter_to_post(letter: Letter, *, campaign: str) -> Mail:
    """Write the letter itself: the supporter's words alone, and the answer goes to them."""
    with force_locale(letter.language):
        via = _(" via %(campaign)s", campaign=display_name(campaign)[:40])
    return Mail(
        kind=LETTER,
        to=letter.post.email,
        subject=letter.subject,
        text=wrapped(letter.body) + "\n",
        # Theirs although it goes to the post: who is forgotten takes an unsent letter along.
        person_id=letter.person_id,
        sender_name=display_name(letter.name)[: 75 - len(via)] + via,
        reply_to=letter.person.email,
        is_automatic=False,
    )


def copy(letter: Letter) -> Mail:
    """Write the supporter's copy of what left."""
    with force_locale(language_of(letter.person)):
        text, html = render_mail("letters/mail/copy", letter=letter, post=letter.post)
        return Mail(
            kind=COPY,
            to=letter.person.email,
            to_name=letter.name,
            subject=_("Copy of your letter: %(subject)s", subject=letter.subject)[:255],
            text=text,
            html=html,
            person_id=letter.person_id,
            thread=letter.thread,
            is_own_act=True,
        )
