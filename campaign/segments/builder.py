"""A rule while it is put together on a page: rows and groups, read from fields and made a rule.

Every field bears the number of its row: `2.is`, `2.not`, `2.in`; rows in a group those of both,
`2-1.is`. `match` says whether all or any of a group's rows must hold, `do` which button it was.
"""

from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict

from campaign.languages import lazy_gettext as _l
from campaign.segments import rules
from campaign.segments.policy import MOST_CONDITIONS
from campaign.segments.rules import (
    Condition,
    Rule,
    Value,
    WrongRule,
)

MATCHES = {"all": _l("All of these are so"), "any": _l("At least one of these is so")}

Fields = MultiDict[str, str]


@dataclass
class Row:
    """One condition, with what was typed into its fields."""

    condition: Condition
    is_not: bool = False
    typed: dict[str, list[str]] = field(default_factory=dict)
    error: Any = ""

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing was typed or chosen where something can be."""
        return bool(self.condition.values) and not any(self.typed.values())

    def first(self, value: Value) -> str:
        """Give what stands in a field."""
        return next(iter(self.typed.get(value.name, [])), "")


@dataclass
class Group:
    """Some rows, and at the outermost also groups of rows."""

    match: str = "all"
    members: list["Row | Group"] = field(default_factory=list)

    @property
    def rows(self) -> list[Row]:
        """List all its rows, those of its groups too."""
        found: list[Row] = []
        for member in self.members:
            found += [member] if isinstance(member, Row) else member.rows
        return found


def read(fields: Fields) -> Group:
    """Read the fields of the page, and do what its button says: add, remove, or nothing."""
    known = rules.known()
    whole = _group(fields, "", known)
    button, _sign, where = fields.get("do", "").partition(" ")
    place = [int(part) for part in where.split("-") if part.isascii() and part.isdigit()]
    if button == "add" and len(whole.rows) < MOST_CONDITIONS:
        _add(whole, place, known.get(fields.get(f"{where}.add" if where else "add", "")))
    if button == "group":
        whole.members.append(Group("any"))
    if button == "remove" and place:
        _remove(whole, place)
    return whole


def _group(fields: Fields, before: str, known: dict[str, Condition]) -> Group:
    match = fields.get(f"{before.removesuffix('-')}.match" if before else "match", "")
    group = Group(match if match in MATCHES else "all")
    for number in range(1, MOST_CONDITIONS + 1):
        name = f"{before}{number}"
        condition = known.get(fields.get(f"{name}.is", ""))
        if condition is not None:
            group.members.append(_row(fields, name, condition))
        elif not before and f"{name}.match" in fields:
            group.members.append(_group(fields, f"{name}-", known))
    return group


def _row(fields: Fields, name: str, condition: Condition) -> Row:
    typed = {
        value.name: [
            each.strip() for each in fields.getlist(f"{name}.{value.name}") if each.strip()
        ]
        for value in condition.values
    }
    return Row(condition, is_not=fields.get(f"{name}.not") == "1", typed=typed)


def _add(whole: Group, place: list[int], condition: Condition | None) -> None:
    group = _at(whole, place) if place else whole
    if condition is not None and isinstance(group, Group):
        group.members.append(Row(condition))


def _remove(whole: Group, place: list[int]) -> None:
    *outer, last = place
    group = _at(whole, outer) if outer else whole
    if isinstance(group, Group) and 0 < last <= len(group.members):
        del group.members[last - 1]


def _at(whole: Group, place: list[int]) -> Row | Group | None:
    (number, *_deeper) = place
    return whole.members[number - 1] if 0 < number <= len(whole.members) else None


def rule_of(group: Group, *, is_final: bool = False) -> dict[str, Any]:
    """Make the rule of what stands on the page; a row that cannot be read keeps its error.

    A row in which nothing stands yet is left out, unless the rule `is_final`.
    """
    rules = []
    for member in group.members:
        if isinstance(member, Group):
            within = rule_of(member, is_final=is_final)
            rules += [within] if within else []
        elif is_final or not member.is_empty:
            rules += _rule_of_row(member)
    return {group.match: rules} if rules else {}


def _rule_of_row(row: Row) -> list[dict[str, Any]]:
    plain: dict[str, Any] = {"is": row.condition.name}
    for value in row.condition.values:
        typed = row.typed.get(value.name, [])
        if typed:
            plain[value.name] = typed if value.kind == "some" else _plain(value, typed[0])
        elif value.is_required:
            row.error = _l("%(label)s: choose or enter something.", label=value.label)
            return []
    try:
        plain = rules.check(plain)
    except WrongRule as wrong:
        row.error = wrong.sentence
        return []
    return [{"not": plain} if row.is_not else plain]


def _plain(value: Value, typed: str) -> Any:
    is_whole = value.kind == "number" and typed.isascii() and typed.isdigit() and len(typed) < 10
    return int(typed) if is_whole else typed


def draft_of(rule: Rule) -> Group | None:
    """Lay a rule out for the page; None for one that is deeper than the page can show."""
    match rule:
        case {"all": rules}:
            return _laid_out("all", rules)
        case {"any": rules}:
            return _laid_out("any", rules)
    return _laid_out("all", [rule] if rule else [])


def _laid_out(match: str, rules: list[Rule]) -> Group | None:
    group = Group(match)
    for rule in rules:
        member: Row | Group | None = _row_of(rule)
        if member is None and ({"all", "any"} & set(rule)):
            member = draft_of(rule)
        if member is None or (isinstance(member, Group) and _holds_groups(member)):
            return None
        group.members.append(member)
    return group


def _holds_groups(group: Group) -> bool:
    return any(isinstance(member, Group) for member in group.members)


def _row_of(rule: Rule) -> Row | None:
    is_not = "not" in rule
    said = rule["not"] if is_not else rule
    condition = rules.known().get(said.get("is", ""))
    if condition is None:
        return None
    typed = {
        name: [str(each) for each in given] if isinstance(given, list) else [str(given)]
        for name, given in said.items()
        if name != "is"
    }
    return Row(condition, is_not=is_not, typed=typed)
