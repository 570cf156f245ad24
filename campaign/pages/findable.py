"""What is found of pages and news, by their words; a draft by none."""

from collections.abc import Iterator

from campaign import markup
from campaign.languages import lazy_gettext as _l
from campaign.languages import own_languages
from campaign.pages.models import Page
from campaign.search.findings import Finding, findable


@findable("page", Page, kinds={"page": _l("Page"), "news": _l("News")})
def findings(page: Page) -> Iterator[Finding]:
    """Say what is found of a page."""
    if page.is_draft:
        return
    yield Finding(
        kind="news" if page.is_news else "page",
        path=page.path,
        title=page.title,
        summary=page.description,
        text=markup.words_of(page.html or markup.render(page.source).html),
        language=page.language or own_languages()[0],
        day=page.published_on if page.is_news else None,
    )
