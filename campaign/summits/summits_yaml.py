"""Summits as a YAML file tells them, read into plain values."""

from datetime import date
from typing import Any

from campaign.front_matter import read_yaml
from campaign.summits.models import Going


def read(source: str) -> list[dict[str, Any]]:
    """Read the summits of a file; each is the columns of `Summit`, `Outcome` and `Stance`."""
    return [_summit(entry) for entry in read_yaml(source) or []]


def _summit(entry: dict[str, Any]) -> dict[str, Any]:
    days = [date.fromisoformat(day) for day in entry.get("days") or []]
    return {
        "slug": entry["slug"],
        "names": entry.get("names") or [],
        "first_day": days[0] if days else None,
        "last_day": days[-1] if days else None,
        "year": days[0].year if days else int(entry["year"]),
        "city": entry.get("city", ""),
        "host": entry.get("host", ""),
        "co_host": entry.get("co_host", ""),
        "size": entry.get("size", ""),
        "tracks": entry.get("tracks") or [],
        "summary": entry.get("summary", "").strip(),
        "notes": [note.strip() for note in entry.get("notes") or []],
        "moved_from": str(entry.get("moved_from", "")),
        "announced_on": str(entry.get("announced_on", "")),
        "sources": entry.get("sources") or [],
        "outcomes": [_outcome(outcome) for outcome in entry.get("outcomes") or []],
        "stances": [_stance(stance) for stance in entry.get("stances_before") or []],
    }


def _outcome(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": entry["name"],
        "is_binding": bool(entry.get("binding", False)),
        "signed_by": entry.get("signed_by", ""),
        "signatories": entry.get("signatories") or [],
        "not_signed": entry.get("not_signed") or [],
        "companies": entry.get("companies") or [],
        "is_complete": bool(entry.get("complete", True)),
        "promise": entry.get("promise", ""),
        "note": entry.get("note", ""),
        "sources": entry.get("sources") or [],
    }


def _stance(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "country": entry["country"],
        "stance": entry.get("stance", Going.UNKNOWN),
        "source": entry.get("source", ""),
        "seen_on": date.fromisoformat(entry["day"]) if entry.get("day") else None,
    }
