"""Segments: rules that tell who is meant, in conditions that any room may offer.

A rule is JSON: `{}` is everyone; `{"all": [rules]}`, `{"any": [rules]}` and `{"not": rule}`
combine; anything else is one condition, `{"is": "country", "in": ["DE", "FR"]}`. Long, for
the grammar stands whole: a rule is checked, asked of the database and said in words by one walk.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import (
    ColumnClause,
    ColumnElement,
    Select,
    and_,
    not_,
    or_,
    true,
)
from sqlalchemy.sql.visitors import iterate

from campaign.db import nearest_day
from campaign.languages import _
from campaign.languages import lazy_gettext as _l
from campaign.people.models import Person
from campaign.refusals import Refusal
from campaign.segments.policy import DEEPEST, MOST_CHOSEN, MOST_CONDITIONS

Rule = Mapping[str, Any]
Values = Mapping[str, Any]
# Of a condition, in SQL: on columns, or the numbers of people.
Meaning = ColumnElement[bool] | Select[Any]


class WrongRule(Refusal):
    """A rule that cannot be read; the sentence says what is wrong with it."""

    status = 422


@dataclass(frozen=True)
class Value:
    """One thing that a condition asks for: its name in a rule, its label, and how it is read.

    `read` gives a value back in its plain form, or raises `WrongRule`. `kind` says which field asks
    for it: some, one, words, number or day. `choices` are those of `some` and `one`, `suggested`
    what others have typed before; both ask the database, so they are asked for late.
    """

    name: str
    label: Any
    kind: str
    read: Callable[[Any], Any]
    choices: Callable[[], list[tuple[str, Any]]] | None = None
    suggested: Callable[[], list[str]] | None = None
    is_required: bool = True


@dataclass(frozen=True)
class Condition:
    """One thing that may be asked of people: in SQL, and in words.

    `where` gives a condition on columns of `Person` and of the `Subscription` they are found by,
    or a query of other tables for the numbers of those people it is true of. `words` goes on after
    "people who", said or denied. `check` raises `WrongRule` for values that are each right and make
    no sense together.
    """

    name: str
    label: Any
    values: tuple[Value, ...]
    where: Callable[[Values, datetime], Meaning]
    words: Callable[[Values, bool], Any]
    check: Callable[[Values], None]


_conditions: dict[str, Condition] = {}


def condition(
    name: str,
    label: Any,
    *values: Value,
    words: Callable[[Values, bool], Any],
    check: Callable[[Values], None] = lambda values: None,
) -> Callable[..., Any]:
    """Offer a condition: the function below gives what it is in SQL, from its values and the time.

    `words(values, denied)` says it: "live in Germany", or "do not live in Germany".
    """

    def register(
        where: Callable[[Values, datetime], Meaning],
    ) -> Callable[[Values, datetime], Meaning]:
        _conditions[name] = Condition(name, label, values, where, words, check)
        return where

    return register


def known() -> dict[str, Condition]:
    """Give every condition that a room offers, by its name."""
    return dict(_conditions)


def check(rule: Any) -> dict[str, Any]:
    """Give a rule from outside in its plain form, every value looked at. Raises `WrongRule`."""
    plain = _read(rule)
    for one in _conditions_in(plain):
        _check_choices(_conditions[one["is"]], one)
        _conditions[one["is"]].check(one)
    return plain


def where(rule: Rule, *, now: datetime, number: Any = Person.id) -> ColumnElement[bool]:
    """Give the condition that a rule stands for, on `Person` joined with their `Subscription`.

    `number` is the column that numbers them: a question that goes by `Subscription.person_id`
    needs no `Person` unless the condition `is_of_person`. An empty rule is everyone. Raises
    `WrongRule`.
    """
    return _Compiler(now, number).where(_read(rule), is_sure=True)


def is_of_person(condition: ColumnElement[bool]) -> bool:
    """Tell whether a condition asks for columns of `Person`."""
    return _asks_of(condition, Person.__table__)


@dataclass(frozen=True)
class _Compiler:
    """Makes SQL of a rule, in the shapes that both databases answer fast for a million people.

    A condition that is a set of numbers and must hold (`is_sure`) is asked as `IN`, of which
    PostgreSQL makes a join. Beneath "any" and "not" that would be a loop over the set for each
    person; there it is asked as `EXISTS`, which is a join, a hash or a look into an index.
    """

    now: datetime
    number: Any

    def where(self, rule: Rule, *, is_sure: bool) -> ColumnElement[bool]:
        match rule:
            case {"is": name}:
                found = _conditions[name].where(rule, self.now)
                if not isinstance(found, Select):
                    return found
                return self._is_in(found) if is_sure else self._exists_in(found)
            case {"not": denied}:
                return not_(self.where(denied, is_sure=False))
            case {"all": rules}:
                return and_(*(self.where(each, is_sure=is_sure) for each in rules))
            case {"any": rules}:
                return or_(*(self.where(each, is_sure=False) for each in rules))
        return true()

    def _is_in(self, found: Select[Any]) -> ColumnElement[bool]:
        return cast("ColumnElement[bool]", self.number.in_(found))

    def _exists_in(self, found: Select[Any]) -> ColumnElement[bool]:
        (number,) = found.selected_columns
        return found.where(number == self.number).exists()


def _asks_of(condition: ColumnElement[bool], table: Any) -> bool:
    return any(
        isinstance(part, ColumnClause) and part.table is table for part in iterate(condition)
    )


def in_words(rule: Rule) -> str:
    """Say in one sentence, without its full stop, who is meant. Raises `WrongRule`."""
    plain = _read(rule)
    if not plain:
        return str(_("Everyone who subscribes"))
    return str(_("People who %(are_so)s", are_so=_words(plain, is_outermost=True)))


def _words(rule: Rule, *, is_outermost: bool = False) -> str:
    match rule:
        case {"is": name}:
            return str(_conditions[name].words(rule, False))
        case {"not": {"is": name} as denied}:
            return str(_conditions[name].words(denied, True))
        case {"not": denied}:
            return str(
                _("are not among those who (%(are_so)s)", are_so=_words(denied, is_outermost=True))
            )
        case {"all": rules}:
            joined = _(", and ").join(_words(each) for each in rules)
        case {"any": rules}:
            joined = _(", or ").join(_words(each) for each in rules)
        case _:
            return str(_("subscribe"))
    return joined if is_outermost or len(rules) == 1 else f"({joined})"


def _read(rule: Any, *, depth: int = 1) -> dict[str, Any]:
    """Read a rule into its plain form."""
    if not isinstance(rule, Mapping):
        raise WrongRule(_l("A rule is an object, such as {}."))
    if not rule:
        return {}
    if "is" in rule:
        return _read_condition(rule)
    if depth > DEEPEST:
        raise WrongRule(_l("Groups stand in groups %(most)s deep at most.", most=DEEPEST))
    if len(rule) != 1 or not set(rule) <= {"all", "any", "not"}:
        raise WrongRule(
            _l("A rule says “all”, “any”, “not” or “is”, one of them and nothing else.")
        )
    ((word, within),) = rule.items()
    if word == "not":
        return {"not": _read(within, depth=depth + 1)}
    if not isinstance(within, list) or not within:
        raise WrongRule(_l("“%(word)s” takes a list of rules, one at least.", word=word))
    plain = {word: [_read(each, depth=depth + 1) for each in within]}
    if sum(1 for _each in _conditions_in(plain)) > MOST_CONDITIONS:
        raise WrongRule(_l("A rule has %(most)s conditions at most.", most=MOST_CONDITIONS))
    return plain


def _read_condition(rule: Rule) -> dict[str, Any]:
    name = rule["is"]
    found = _conditions.get(name) if isinstance(name, str) else None
    if found is None:
        raise WrongRule(_l("There is no condition “%(name)s”.", name=_shown(name)))
    strange = set(rule) - {"is"} - {value.name for value in found.values}
    if strange:
        raise WrongRule(
            _l("“%(name)s” knows no “%(strange)s”.", name=name, strange=_shown(min(strange)))
        )
    plain: dict[str, Any] = {"is": name}
    for value in found.values:
        if value.name in rule:
            plain[value.name] = value.read(rule[value.name])
        elif value.is_required:
            raise WrongRule(_l("“%(name)s” needs “%(value)s”.", name=name, value=value.name))
    return plain


def _shown(given: Any) -> str:
    return str(given)[:40]


def _conditions_in(rule: Rule) -> list[dict[str, Any]]:
    match rule:
        case {"all": rules} | {"any": rules}:
            return [found for each in rules for found in _conditions_in(each)]
        case {"not": denied}:
            return _conditions_in(denied)
    return [dict(rule)] if rule else []


def _check_choices(found: Condition, given: Values) -> None:
    for value in found.values:
        if value.choices is None or value.name not in given:
            continue
        offered = {key for key, _label in value.choices()}
        asked = given[value.name]
        for each in asked if isinstance(asked, list) else [asked]:
            if each not in offered:
                raise WrongRule(
                    _l("%(label)s: there is no “%(given)s”.", label=value.label, given=each)
                )


def some(name: str, label: Any, choices: Callable[[], list[tuple[str, Any]]]) -> Value:
    """Ask for one or more of a list."""

    def read(given: Any) -> list[str]:
        if not isinstance(given, list) or not 0 < len(given) <= MOST_CHOSEN:
            raise WrongRule(_l("“%(name)s” takes a list of words, one at least.", name=name))
        return list(dict.fromkeys(_word(name, each) for each in given))

    return Value(name, label, "some", read, choices=choices)


def one(
    name: str,
    label: Any,
    choices: Callable[[], list[tuple[str, Any]]],
    *,
    is_required: bool = True,
) -> Value:
    """Ask for one of a list."""
    return Value(
        name,
        label,
        "one",
        lambda given: _word(name, given),
        choices=choices,
        is_required=is_required,
    )


def words(
    name: str, label: Any, *, most: int, suggested: Callable[[], list[str]] | None = None
) -> Value:
    """Ask for a few words."""
    return Value(
        name, label, "words", lambda given: _word(name, given, most=most), suggested=suggested
    )


def number(name: str, label: Any, *, most: int, is_required: bool = True) -> Value:
    """Ask for a whole number from 1."""

    def read(given: Any) -> int:
        if type(given) is not int or not 0 < given <= most:
            raise WrongRule(
                _l("%(label)s: enter a whole number from 1 to %(most)s.", label=label, most=most)
            )
        return given

    return Value(name, label, "number", read, is_required=is_required)


def day(name: str, label: Any) -> Value:
    """Ask for a day, which may be left out."""

    def read(given: Any) -> str:
        try:
            typed = date.fromisoformat(_word(name, given))
            if typed != nearest_day(typed):
                raise ValueError("no year of ours")
            return typed.isoformat()
        except ValueError:
            raise WrongRule(
                _l("%(label)s: enter a day, such as 2027-05-13.", label=label)
            ) from None

    return Value(name, label, "day", read, is_required=False)


def _word(name: str, given: Any, *, most: int = 120) -> str:
    tidy = given.strip() if isinstance(given, str) else ""
    if not tidy or len(tidy) > most or not tidy.isprintable():
        raise WrongRule(
            _l(
                "“%(name)s” takes words of %(most)s characters at most.",
                name=name,
                most=most,
            )
        )
    return tidy
