"""A filter tree as an SQL condition over the columns beside the documents.

Rules: a condition is either exact, or holds for at least every resource that the filter holds for; what it
cannot say is left to the pure evaluator on the rows that remain. A condition is never NULL, so NOT is safe on
an exact one. Values are bound, never written into the text; case was folded in Python on both sides. Members and
groups are no part of a document: what a filter asks of them SQL alone answers, for the evaluator too.
"""

from dataclasses import dataclass, field
from typing import Final, TypeAlias, assert_never

from hallway.hub.directories.columns import KEYED, path_key
from hallway.hub.directories.model import Kind
from hallway.ids import GROUP, USER, parsed
from hallway.scim.filter import And, Compare, Filter, Not, Op, Or, Present, ValuePath
from hallway.scim.fold import fold
from hallway.scim.instant import instant
from hallway.scim.path import AttributePath
from hallway.scim.problem import invalid_filter

TRUE: Final = "1 = 1"
FALSE: Final = "1 = 0"
_ORDER: Final = {Op.GT: ">", Op.GE: ">=", Op.LT: "<", Op.LE: "<="}
_INT64: Final = 2**63 - 1
_COLUMNS: Final = {
    "username": ("r.name_key", True),
    "displayname": ("r.display_key", True),
    "externalid": ("r.external_id", False),
}
_INSTANTS: Final = {"meta.created": "r.created_at", "meta.lastmodified": "r.modified_at"}
_ANYBODY: Final = {
    "members": "r.members > 0",
    "groups": "EXISTS (SELECT 1 FROM member m WHERE m.organization_id = ?1 AND m.directory_id = ?2"
    " AND m.member_id = r.id)",
}
_ROWS: Final = frozenset(_ANYBODY)
_SOMEBODY: Final = rb'{"value":"\u0000","$ref":"\u0000","type":"\u0000"}'
"""An element that has every value and is equal to none: no filter can name NUL."""
_SPLICED: Final = (".manager.displayname", ".manager.$ref")


@dataclass(frozen=True, slots=True)
class Condition:
    """SQL over the row `r`; without `exact` it may hold for more than the filter does.

    `selective`: an index gives the few rows that it holds for, so that these are sorted rather than all walked;
    `single`: it holds for one row at most, so that there is nothing to sort.
    """

    sql: str
    exact: bool
    selective: bool = False
    single: bool = False


_ANY: Final = Condition(TRUE, False)


@dataclass(slots=True)
class Bound:
    """The parameters of a statement under construction: `bind` gives the place of a value.

    `witnesses` are what the filter asks of members or groups: the condition, and an element (JSON) that the
    evaluator is to find among them where it holds.
    """

    params: list[object] = field(default_factory=list)
    witnesses: list[tuple[str, bytes]] = field(default_factory=list)

    def bind(self, value: object) -> str:
        """`?n` for a new parameter."""
        self.params.append(value)
        return f"?{len(self.params)}"


Text: TypeAlias = str


def condition(tree: Filter, kind: Kind, bound: Bound) -> Condition:
    """The condition for resources of `kind`; ?1 to ?3 are organization, directory and kind.

    Raises 400 `invalidFilter` for what is joined at read and can be asked only by `value`.
    """
    match tree:
        case And(filters):
            parts = [condition(part, kind, bound) for part in filters]
            selective = any(part.selective for part in parts)
            single = any(part.single for part in parts)
            return Condition(_joined(parts, " AND "), all(part.exact for part in parts), selective, single)
        case Or(filters):
            parts = [condition(part, kind, bound) for part in filters]
            selective = all(part.selective for part in parts)
            return Condition(_joined(parts, " OR "), all(part.exact for part in parts), selective)
        case Not(negated):
            inner = condition(negated, kind, bound)
            return Condition(f"NOT ({inner.sql})", True) if inner.exact else _ANY
        case Compare(path, op, value):
            return _comparison(path, op, value, kind, bound)
        case Present(path):
            return _presence(path, kind, bound)
        case ValuePath(path, wanted):
            return _value_path(path, wanted, kind, bound)
        case _:
            assert_never(tree)


def _joined(parts: list[Condition], word: str) -> str:
    return "(" + word.join(part.sql for part in parts) + ")"


def _comparison(path: AttributePath, op: Op, value: object, kind: Kind, bound: Bound) -> Condition:
    if value is None:
        present = _presence(path, kind, bound)
        if op is Op.NE or not present.exact:
            return present
        return Condition(f"NOT ({present.sql})", True)
    if op is Op.NE:
        equal = _comparison(path, Op.EQ, value, kind, bound)
        return Condition(f"NOT ({equal.sql})", True) if equal.exact else _ANY
    name = path_key(path)
    _refuse_spliced(name)
    if name.partition(".")[0] in _ROWS:
        return _membership(name, op, value, bound)
    if name in _INSTANTS and isinstance(value, str):
        return _instant(_INSTANTS[name], op, value, bound)
    if name == "id" and isinstance(value, str):
        return _id(op, value, kind, bound)
    if name == "active" and isinstance(value, bool):
        return Condition(f"(r.active IS NOT NULL AND r.active = {bound.bind(int(value))})", True)
    if isinstance(value, str) and name in _COLUMNS and _has_column(name, kind):
        column, folds = _COLUMNS[name]
        text = fold(value) if folds else value
        single = op is Op.EQ and name == "username"
        return Condition(f"({column} IS NOT NULL AND {_text(column, op, text, bound)})", True, op is Op.EQ, single)
    if isinstance(value, str) and name in KEYED:
        exact = not path.leaf.case_exact
        if not exact and op is not Op.EQ:
            return _ANY  # folded texts are equal where the texts are, but have neither their parts nor their order
        if value == "" or op in (Op.LT, Op.LE):
            return _ANY  # an empty text has no row, and these may hold for it
        return Condition(_keyed(KEYED[name], _text("k.value", op, fold(value), bound)), exact, op is Op.EQ)
    return _ANY


def _has_column(name: str, kind: Kind) -> bool:
    return name != "username" or kind is Kind.USER


def _text(column: str, op: Op, text: str, bound: Bound) -> Text:
    """A comparison of texts by code point, the same on both engines and in Python."""
    match op:
        case Op.EQ:
            return f"{column} = {bound.bind(text)}"
        case Op.CO:
            return f"{{instr}}({column}, {bound.bind(text)}) > 0"
        case Op.SW:
            return _prefix(column, text, bound)
        case Op.EW:
            place, length = bound.bind(text), len(text)
            return f"(length({column}) >= {length} AND substr({column}, length({column}) - {length} + 1) = {place})"
        case _:
            return f"{column} {_ORDER[op]} {bound.bind(text)}"


def _prefix(column: str, text: str, bound: Bound) -> Text:
    low = f"{column} >= {bound.bind(text)}"
    high = after_prefix(text)
    return low if high is None else f"({low} AND {column} < {bound.bind(high)})"


def after_prefix(text: str) -> str | None:
    """The least text that is greater than all that start with `text`; None where there is none."""
    for place in range(len(text) - 1, -1, -1):
        code = ord(text[place])
        if code < 0x10FFFF:
            following = 0xE000 if code == 0xD7FF else code + 1
            return text[:place] + chr(following)
    return None


def _instant(column: str, op: Op, value: str, bound: Bound) -> Condition:
    nanoseconds = instant(value)
    if nanoseconds is None:
        return Condition(FALSE, True)
    place = bound.bind(max(-_INT64, min(_INT64, nanoseconds)))
    return Condition(f"{column} * 1000 {_ORDER.get(op, '=')} {place}", True)


def _id(op: Op, value: str, kind: Kind, bound: Bound) -> Condition:
    if op is not Op.EQ:
        return _ANY
    found = parsed(USER if kind is Kind.USER else GROUP, value)
    return Condition(FALSE if found is None else f"r.id = {bound.bind(found)}", True, True, True)


def _keyed(attribute: int, comparison: str) -> str:
    return (
        "r.id IN (SELECT k.id FROM resource_key k WHERE k.organization_id = ?1 AND k.directory_id = ?2"
        f" AND k.kind = ?3 AND k.attribute = {attribute} AND {comparison})"
    )


def _membership(name: str, op: Op, value: object, bound: Bound) -> Condition:
    if name not in {"members.value", "groups.value"} or op is not Op.EQ or not isinstance(value, str):
        raise invalid_filter(f"{name.partition('.')[0]} can be filtered by its value with eq or ne only.")
    found = parsed(GROUP, value) or (parsed(USER, value) if name == "members.value" else None)
    if found is None:
        return Condition(FALSE, True)
    place = bound.bind(found)
    if name == "members.value":
        sql = (
            "EXISTS (SELECT 1 FROM member m WHERE m.organization_id = ?1 AND m.directory_id = ?2"
            f" AND m.group_id = r.id AND m.member_id = {place})"
        )
    else:
        sql = _inside(place)
    bound.witnesses.append((sql, f'{{"value":"{value}"}}'.encode()))
    return Condition(sql, True)


def _inside(place: str) -> str:
    """That the row is in the group, directly or through other groups."""
    return (
        "r.id IN (WITH RECURSIVE inside(id) AS (SELECT m.member_id FROM member m"
        f" WHERE m.organization_id = ?1 AND m.directory_id = ?2 AND m.group_id = {place}"
        " UNION SELECT m.member_id FROM member m JOIN inside ON m.group_id = inside.id"
        " WHERE m.organization_id = ?1 AND m.directory_id = ?2) SELECT id FROM inside)"
    )


def _presence(path: AttributePath, kind: Kind, bound: Bound) -> Condition:
    name = path_key(path)
    _refuse_spliced(name)
    head, _, sub = name.partition(".")
    if head in _ROWS:
        if sub == "display":
            raise invalid_filter(f"{head} can be filtered by its value only.")
        bound.witnesses.append((_ANYBODY[head], _SOMEBODY))
        return Condition(_ANYBODY[head], True)
    if name in _COLUMNS and _has_column(name, kind):
        column = _COLUMNS[name][0]
        return Condition(f"({column} IS NOT NULL AND {column} <> '')", True)
    if name == "active":
        return Condition("r.active IS NOT NULL", True)
    if name in KEYED:
        return Condition(_keyed(KEYED[name], TRUE), True)
    return _ANY


def _value_path(path: AttributePath, wanted: Filter, kind: Kind, bound: Bound) -> Condition:
    """Narrowed by what the elements' `value` must be; the rest is asked of the evaluator."""
    name = path_key(path)
    if name in _ROWS:
        if isinstance(wanted, Compare) and wanted.op is Op.EQ and wanted.value is not None:
            return _comparison(wanted.path, wanted.op, wanted.value, kind, bound)
        raise invalid_filter(f"{name} can be filtered in brackets by value with eq only.")
    if f"{name}.value" not in KEYED:
        return _ANY
    for part in wanted.filters if isinstance(wanted, And) else (wanted,):
        if isinstance(part, Compare) and path_key(part.path) == f"{name}.value" and isinstance(part.value, str):
            inner = _comparison(part.path, part.op, part.value, kind, bound) if part.op is not Op.NE else _ANY
            return Condition(inner.sql, False, inner.selective)
    return _ANY


def _refuse_spliced(name: str) -> None:
    if name.endswith(_SPLICED):
        raise invalid_filter("A manager can be filtered by its value only.")
