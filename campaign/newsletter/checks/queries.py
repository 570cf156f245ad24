"""Questions about an issue before it goes out: what is to be mended in it, where its links lead."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from flask import Flask

from campaign import markdown
from campaign.languages import force_locale, language_name
from campaign.languages import lazy_gettext as _l
from campaign.mailings import merge_checks
from campaign.mailings.rendering import write
from campaign.newsletter import mails
from campaign.newsletter.checks import content_lint, link_checker, slips
from campaign.newsletter.checks.content_lint import Finding
from campaign.newsletter.models import Issue, IssueText
from campaign.outbox.fields import Recipient, known
from campaign.outbox.mail import inline
from campaign.refusals import Refusal
from campaign.templating import absolute, our_campaign

# A page of more would be read by nobody.
MOST_FINDINGS = 50


def findings(issue: Issue, text: IssueText, *, now: datetime) -> list[Finding]:
    """Look over one text of an issue, all but whether its links answer; the gravest first."""
    found = [
        *_found_in(text, mails.variant(issue, text).html, now=now),
        *content_lint.of_preview(text),
    ]
    return _in_order(found)


def findings_in_words(
    *, subject: str, source: str, language: str, html: str, now: datetime
) -> list[Finding]:
    """Look over the words of an automatic mail in one language; `html` is the mail they make."""
    text = IssueText(language=language, title="", subject=subject, preview="", source=source)
    return _in_order(_found_in(text, html, now=now))


def _in_order(found: Iterable[Finding]) -> list[Finding]:
    by_weight = sorted(dict.fromkeys(found), key=lambda finding: not finding.is_grave)
    return by_weight[:MOST_FINDINGS]


def _found_in(text: IssueText, html: str, *, now: datetime) -> Iterator[Finding]:
    try:
        merge_checks.check_words(
            title=text.title, subject=text.subject, preview=text.preview, source=text.source
        )
    except Refusal as refusal:
        yield Finding(refusal.sentence, is_grave=True)
    body = write(text.source, absolute=absolute)
    nobody = Recipient(None, "", text.language, "", None)
    with force_locale(text.language):
        sampled = {name: (field, field.make(nobody, now)) for name, field in known().items()}
    yield from slips.of_addresses(markdown.addresses(text.source))
    yield from slips.of_foreign_fields(text.title, text.subject, text.preview, text.source)
    yield from slips.of_what_is_left(body.text)
    yield from content_lint.of_subject(text)
    yield from content_lint.of_fields(text, body, nobody=nobody, sampled=sampled)
    yield from content_lint.of_body(text, body, bytes_of_html=len(inline(html).encode()))
    yield from content_lint.of_links(content_lint.links_in(body.html), base=our_campaign().base_url)


def addresses_of(issue: Issue) -> tuple[list[str], list[str]]:
    """List where the links and pictures of an issue lead: paths of ours, and other sites."""
    return addresses_in(text.source for text in issue.texts)


def to_mend(app: Flask, issue: Issue, *, now: datetime) -> list[tuple[str, list[Finding]]]:
    """Say again what a check finds in an issue: by the name of its language, where it has several.

    Links to pages of ours that are not there are among it; other sites are not asked.
    """
    texts = [issue.text_in(language) for language in issue.languages]
    found = [
        (
            language_name(text.language) if len(texts) > 1 else "",
            [*dead_ends(app, [text.source]), *findings(issue, text, now=now)],
        )
        for text in texts
    ]
    return [(name, some) for name, some in found if some]


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
