"""What may be said to us from another site: the same as on ours."""

from campaign.newsletter.subscribers.forms import SubscribeForm


class SnippetForm(SubscribeForm):
    """Subscribe with what was typed on another site, seen once more on ours."""

    purpose = "newsletter.snippet"


class EmbedForm(SubscribeForm):
    """Subscribe in a frame on another site."""

    purpose = "newsletter.embed"
