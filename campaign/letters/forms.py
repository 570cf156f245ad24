"""What may be said to us about a letter."""

from collections.abc import Iterable, Sequence
from typing import Any

from wtforms import HiddenField, StringField, ValidationError
from wtforms.fields import Field

from campaign.forms import PublicForm, email_field, line_field, name_field, text_field
from campaign.languages import lazy_gettext as _l
from campaign.letters import composing
from campaign.letters.models import Way
from campaign.letters.policy import LONGEST_BODY, LONGEST_OWN_WORDS, SHORTEST_OWN_WORDS
from campaign.validators import present


class no_merge_field:
    """Refuse what a template left open, such as {post}."""

    def __call__(self, form: Any, field: Field) -> None:
        if left := composing.unfilled(field.data or ""):
            raise ValidationError(
                _l("Replace or remove %(left)s: it is not filled in.", left=", ".join(left))
            )


class LetterForm(PublicForm):
    """A letter: the supporter's own words, the text, and who signs it."""

    purpose = "letters.write"

    own_words = text_field(
        _l("Your own words"),
        most=LONGEST_OWN_WORDS,
        required=_l("Write at least one sentence of your own."),
        description=_l("Why you, and why now? One sentence is enough. It makes the letter yours."),
    )
    subject = line_field(_l("Subject"), most=255, required=_l("Enter a subject."))
    body = text_field(
        _l("The letter"),
        most=LONGEST_BODY,
        required=_l("The letter is empty."),
        description=_l(
            "Change it as you like. Your own words and your name take the places in square "
            "brackets."
        ),
    )
    name = name_field(
        _l("Your name"),
        required=_l("Enter your name: the letter is signed with it."),
        description=_l("The letter is signed with it."),
    )
    email = email_field(
        _l("Your e-mail address"),
        description=_l(
            "We send you a link to confirm the letter, and then a copy. The office can answer you "
            "at this address."
        ),
    )
    post = HiddenField()

    def __init__(
        self, *arguments: Any, ways: Sequence[Way], way: Way, posts: Iterable[str], **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        self._posts = set(posts)
        for field in (self.own_words, self.subject, self.body):
            field.validators = [*field.validators, no_merge_field()]
        if way is not Way.SEND:
            # Those who send it themselves need not tell us who they are.
            self.name.validators = [
                check for check in self.name.validators if not isinstance(check, present)
            ]
            self.email.validators = []
        if Way.SEND not in ways:
            # No office that we could write to for them: the letter is only signed.
            self.name.flags.required = False
            del self.email

    def validate_post(self, field: HiddenField) -> None:
        """Refuse an office that is none of this country's: nobody else shall get the letter."""
        if field.data and field.data not in self._posts:
            raise ValidationError(_l("Choose one of the offices of this page."))

    def validate_own_words(self, field: StringField) -> None:
        """Refuse less than a sentence."""
        if 0 < len(field.data or "") < SHORTEST_OWN_WORDS:
            raise ValidationError(_l("Write at least one sentence of your own."))

    def validate_body(self, field: StringField) -> None:
        """Refuse a letter that is too long once the own words stand in it."""
        if len(field.data or "") + len(self.own_words.data or "") > LONGEST_BODY:
            raise ValidationError(
                _l(
                    "With your own words the letter has more than %(most)s characters.",
                    most=LONGEST_BODY,
                )
            )
