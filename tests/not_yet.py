"""What the laws of the house do not hold yet: each list shrinks by itself, and none may grow.

What is mended must go from its list, or the test of its law fails and names it.
"""

from collections.abc import Iterable

# Files that look at settings though they are no door.
SETTINGS: set[str] = {
    "campaign/newsletter/automations/catalogue.py",
    "campaign/newsletter/automations/mails.py",
    "campaign/newsletter/automations/queries.py",
    "campaign/newsletter/automations/verbs.py",
    "campaign/newsletter/checks/queries.py",
    "campaign/newsletter/drafts/forms.py",
    "campaign/newsletter/mails.py",
    "campaign/newsletter/previews/forms.py",
    "campaign/newsletter/subscribers/forms.py",
    "campaign/newsletter/verbs.py",
    "campaign/people/mails.py",
    "campaign/segments/conditions.py",
}
# Files that know another room's roles as bare words.
ROLES: set[str] = set()
# Files of more than 400 lines, files of more than 300 that do not say why, functions of more than
# 60, rooms of more than 3,000.
LARGE_FILES: set[str] = set()
LONG_FILES: set[str] = {
    "campaign/cli.py",
    "campaign/config.py",
    "campaign/db.py",
    "campaign/delivery/smtp_connection.py",
    "campaign/events/office.py",
    "campaign/imports/chunks/verbs.py",
    "campaign/imports/formats.py",
    "campaign/imports/statuses.py",
    "campaign/inbound/verbs.py",
    "campaign/newsletter/verbs.py",
    "campaign/pages/files.py",
    "campaign/segments/rules.py",
}
LONG_FUNCTIONS: set[str] = set()
LARGE_ROOMS: set[str] = {
    "campaign/newsletter",
}
# Words that another stands for (`tests/banned_words.py`): names, what people read, aliases.
NAMES: set[str] = {
    "campaign/delivery/claiming.py: moments, which is reserve_slots",
    "campaign/imports/verbs.py: sign, which is delimiter",
    "campaign/inbound/models.py: Deed, which is Conversion; a verb; a button",
    "campaign/inbound/office.py: Deed, which is Conversion; a verb; a button",
    "campaign/inbound/office.py: deed, which is a verb; a button",
    "campaign/inbound/verbs.py: Deed, which is Conversion; a verb; a button",
    "campaign/inbound/verbs.py: deed, which is a verb; a button",
    "campaign/templating.py: mark, which is placeholder",
    "campaign/web_server.py: deed, which is a verb; a button",
    "templates/inbound/office/mail.html: deed, which is a verb; a button",
    "templates/newsletter/office/check.html: answers, which is link_checker",
}
PHRASES: set[str] = {
    "campaign/newsletter/automations/mails.py: trial, which is test, A/B test",
    "campaign/newsletter/mails.py: trial, which is test, A/B test",
    "docs/operators/one-server.md: let it go on, which is resume",
    "docs/operators/one-server.md: trial, which is test, A/B test",
    "docs/organisers/first-hour.md: let it go on, which is resume",
}
ALIASES: set[str] = {
    "campaign/delivery/claiming.py: queries as bounces",
    "campaign/delivery/claiming.py: verbs as throttles",
    "campaign/delivery/replies.py: judging as verdicts",
    "campaign/delivery/settling.py: verbs as throttles",
    "campaign/front/views.py: search as finding",
    "campaign/outbox/bounces/causes/verbs.py: verbs as throttles",
    "campaign/outbox/bounces/verbs.py: verbs as causes",
    "campaign/outbox/bounces/verbs.py: verbs as throttles",
    "campaign/outbox/cli.py: queries as throttles",
}


def but_for(not_yet: set[str], found: Iterable[str]) -> list[str]:
    """List what breaks a law and is not known to, and what is known to and is mended."""
    there = set(found)
    return [
        *(f"{one} breaks it" for one in sorted(there - not_yet)),
        *(f"{one} is mended: take it off tests/not_yet.py" for one in sorted(not_yet - there)),
    ]
