"""Words the house does not use, each with the word that is used and where that is so.

A private word for what the field has a term for, or a word that would mean two things. Most are
also plain English, so they are banned as what they were: a name in code, a word that people read,
a module, or a phrase. `tests/test_words.py` looks for them.
"""

from typing import NamedTuple


class Banned(NamedTuple):
    """One word: what to take for it, and under which paths it is looked for."""

    word: str
    instead: str
    where: tuple[str, ...] = ("",)
    but: tuple[str, ...] = ()
    pattern: str = ""


OUTBOX = ("campaign/outbox", "campaign/delivery")
DELIVERY = ("campaign/delivery",)
NEWSLETTER = ("campaign/newsletter", "campaign/mailings", "templates/newsletter")
PROGRESS = ("campaign/newsletter/sendings", "campaign/mailings")
EVENTS = ("campaign/events",)
IMPORTS = ("campaign/imports",)
QUEUING = (
    *OUTBOX,
    *NEWSLETTER,
    *EVENTS,
    "campaign/letters",
    "campaign/people",
    "campaign/organisers",
    "campaign/inbound",
)
EVERYWHERE = ("campaign", "templates", "docs")

# Names of things: modules, classes, functions, variables; in code, templates and code in pages.
NAMES = [
    Banned("manners", "http"),
    Banned("lane", "throttle"),
    Banned("lanes", "throttles"),
    Banned("LANE", "THROTTLE"),
    Banned("outbox_lane", "outbox_throttle"),
    Banned("given_until", "reserved_until"),
    Banned("moments", "reserve_slots", OUTBOX),
    Banned("rest", "back_off", ("campaign/outbox/throttles",)),
    Banned("mend", "reset", OUTBOX),
    Banned("line", "smtp_connection", ("campaign/app.py",)),
    Banned("Line", "SmtpConnection", DELIVERY),
    Banned("carry", "send_all", DELIVERY),
    Banned("Letter", "OutgoingMessage", DELIVERY),
    Banned("letters", "messages", DELIVERY),
    Banned("Keeper", "Journal", DELIVERY),
    Banned("Leaving", "ClaimedMessage"),
    Banned("LEFT", "SENT", OUTBOX),
    Banned("LEAVING", "SENDING", OUTBOX),
    Banned("take_up", "reclaim_dead"),
    Banned("_way", "transport", DELIVERY),
    Banned("Maker", "FieldRenderer"),
    Banned("is_more", "must_ask_again"),
    Banned("_AS_BEFORE", "RELEASED"),
    Banned("tell", "record", DELIVERY),
    Banned("told", "recorded", DELIVERY),
    Banned("tellings", "records"),
    Banned("REMEMBER_EVERY", "FLUSH_EVERY"),
    Banned("circle", "audience"),
    Banned("sources", "attribution", ("campaign/people", "templates/people")),
    Banned("Deed", "Conversion; a verb; a button"),
    Banned("deed", "a verb; a button"),
    Banned("habits", "content_lint"),
    Banned("answers", "link_checker", NEWSLETTER),
    Banned("answers", "calendar_replies", ("campaign/inbound",)),
    Banned("series", "automations", (*NEWSLETTER, "campaign/app.py")),
    Banned("Automatic", "Automation", NEWSLETTER),
    Banned("Start", "Enrolment", NEWSLETTER),
    Banned("Turn", "StepSent", NEWSLETTER),
    Banned("Month", "DigestSent", NEWSLETTER),
    Banned("Standard", "BuiltIn", NEWSLETTER),
    Banned("Reading", "ProgressSample", PROGRESS),
    Banned("course", "progress", PROGRESS),
    Banned("note", "record_progress", PROGRESS),
    Banned("looks", "colour_schemes", NEWSLETTER),
    Banned("dressed", "with_colour_scheme"),
    Banned("holes", "placeholders"),
    Banned("as_holes", "as_placeholders"),
    Banned(
        "wording", "merge_checks", ("campaign/newsletter/check_page", "campaign/newsletter/drafts")
    ),
    Banned("checks", "readiness; check_page", ("campaign/mailings", "campaign/newsletter")),
    Banned("reports", "delivery_reports", ("campaign/inbound",)),
    Banned("world", "world_map", ("campaign/events",)),
    Banned("discretion", "masking"),
    Banned("elsewhere", "embed"),
    Banned("sign", "delimiter", IMPORTS),
    Banned("letters", "encoding", IMPORTS),
    Banned("dear", "expensive", ("campaign/inbound",)),
    Banned("entangled", "nested"),
    Banned("falls", "crashes", ("campaign/supervisor.py",)),
    Banned("unfit", "invalid", DELIVERY),
    Banned("untold", "not_yet_notified"),
    Banned("patience", "connection_timeouts"),
    Banned("make_room", "enlarge_cache"),
    Banned("fill", "bulk_insert", ("campaign/db.py", "campaign/imports")),
    Banned("holds", "contains_word"),
    Banned("held", "lock_shared", EVENTS),
    Banned("held_alone", "lock_exclusive"),
    Banned("named", "search_by_place", ("campaign/events/queries.py",)),
    Banned("_bears", "_matches"),
    Banned("with_news", "with_unsent_changes"),
    Banned("chronicle", "summits_yaml"),
    Banned("directory", "posts_csv", ("campaign/summits",)),
    Banned("trial", "test; A/B test"),
    Banned("TRIAL", "TEST"),
    Banned("trial_subject", "ab_test_subject"),
    Banned("posted_at", "queued_at"),
    Banned("post_batch", "queue_batch"),
    Banned("place_id", "city_id"),
    Banned("held", "locked; claimed; withheld", OUTBOX),
    Banned("kept", "claimed", DELIVERY),
    Banned("hold", "lock", (*OUTBOX, *EVENTS, "campaign/people", "campaign/newsletter")),
    Banned("standing", "status"),
    Banned(
        "mark",
        "placeholder",
        ("campaign/delivery", "campaign/newsletter", "campaign/templating.py"),
    ),
    Banned("withdraw", "take_down", NEWSLETTER),
]

# What somebody reads, in sentences or in the code, whatever its case: with a pattern where it is
# more than the words themselves.
PHRASES = [
    Banned("trial", "test, A/B test", EVERYWHERE, pattern=r"\btrials?\b"),
    Banned("number the", "list the ids of", ("campaign",)),
    Banned("<int:number>", "<int:id>", ("campaign",), pattern="<int:number>"),
    Banned("let it rest", "pause", EVERYWHERE),
    Banned("let it go on", "resume", EVERYWHERE),
    Banned("post()", "queue()", QUEUING, pattern=r"(?<![.\w/])(?<!def )post\((?!\))"),
    Banned("verbs.post", "verbs.queue", EVERYWHERE),
    Banned(
        "posted",
        "queued",
        EVERYWHERE,
        pattern=r"\b(?:was|is|are|be|been|a row|mails?|messages?|reminder|who is) posted\b",
    ),
    Banned("class=deed", "class=button", EVERYWHERE, pattern=r"class=\"deed\b"),
    # Journals of older releases say it, and are read.
    Banned("'left'", "sent", OUTBOX, pattern=r"[\"']left[\"']", but=("campaign/delivery/replies",)),
    Banned("'leaving'", "sending", OUTBOX, pattern=r"[\"']leaving[\"']"),
    Banned("'place'", "city_id", ("campaign/outbox", "docs"), pattern=r"[\"']place[\"']"),
    Banned("process.fell", "process.exited", EVERYWHERE),
    Banned("journal.unfit", "journal.invalid", EVERYWHERE),
    Banned("message.unfit", "message.build_failed", EVERYWHERE),
    Banned("outbox.untold", "outbox.flush_failed", EVERYWHERE),
]
