"""What is to be mended in a text to many before it goes: its words, and where its links lead."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from flask import Flask

from campaign import markdown
from campaign.content_checks import content_lint, link_checker, slips
from campaign.content_checks.content_lint import Finding
from campaign.languages import force_locale
from campaign.languages import lazy_gettext as _l
from campaign.mailings import merge_checks
from campaign.mailings.policy import FINDINGS_SHOWN
from campaign.mailings.rendering import write
from campaign.outbox.fields import Recipient, known
from campaign.outbox.mail import inline
from campaign.refusals import Refusal
from campaign.templating import absolute, our_campaign


def findings(
    *,
    language: str,
    title: str = "",
    subject: str,
    preview: str | None = None,
    source: str,
    html: str,
    about_id: int | None = None,
    now: datetime,
) -> list[Finding]:
    """Look over a text, all but whether its links answer; the gravest first.

    `html` is the mail it makes, `about_id` what its fields are about. Of a text whose kind has no
    preview none is missed.
    """
    nobody = Recipient(None, "", language, "", None, about_id)
    lines = f"{subject}\n{preview or ''}"
    found = [
        *_unfillable(title=title, subject=subject, preview=preview or "", source=source),
        *slips.of_addresses(markdown.addresses(source)),
        *slips.of_foreign_fields(title, lines, source),
        *content_lint.of_subject(subject),
        *_of_words(lines, source, html, nobody=nobody, now=now),
        *([] if preview is None else content_lint.of_preview(preview, subject=subject)),
    ]
    by_weight = sorted(dict.fromkeys(found), key=lambda finding: not finding.is_grave)
    return by_weight[:FINDINGS_SHOWN]


def _unfillable(*, title: str, subject: str, preview: str, source: str) -> Iterator[Finding]:
    try:
        merge_checks.check_words(title=title, subject=subject, preview=preview, source=source)
    except Refusal as refusal:
        yield Finding(refusal.sentence, is_grave=True)


def _of_words(
    lines: str, source: str, html: str, *, nobody: Recipient, now: datetime
) -> Iterator[Finding]:
    body = write(source, absolute=absolute)
    with force_locale(nobody.language):
        sampled = {name: field.make(nobody, now) for name, field in known().items()}
    yield from slips.of_what_is_left(body.text)
    yield from content_lint.of_fields(lines, body.text, body.html, sampled=sampled)
    yield from content_lint.of_body(body.text, body.html, bytes_of_html=len(inline(html).encode()))
    yield from content_lint.of_links(content_lint.links_in(body.html), base=our_campaign().base_url)


def dead_ends(app: Flask, sources: Iterable[str]) -> list[Finding]:
    """Find links to pages of ours that are not there; other sites are not asked."""
    ours, _others = addresses_in(sources)
    return [
        Finding(_l("%(address)s: %(trouble)s.", address=one.address, trouble=one.sentence), True)
        for one in link_checker.check_ours(app, ours)
        if one.is_grave
    ]


def addresses_in(sources: Iterable[str]) -> tuple[list[str], list[str]]:
    """List where the links and pictures of texts lead: paths of ours, and other sites."""
    base = our_campaign().base_url
    ours: dict[str, None] = {}
    others: dict[str, None] = {}
    for source in sources:
        html = write(source, absolute=absolute).html
        addresses = [
            link.address for link in content_lint.links_in(html)
        ] + content_lint.pictures_in(html)
        for address in addresses:
            if address == base or address.startswith((f"{base}/", f"{base}?", f"{base}#")):
                ours[address.removeprefix(base).partition("#")[0] or "/"] = None
            elif address.startswith(("http://", "https://")):
                others[address.partition("#")[0]] = None
    return list(ours), list(others)
