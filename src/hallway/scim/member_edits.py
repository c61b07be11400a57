"""Changes to an attribute that is stored as rows, such as the members of a group (RFC 7644 §3.5.2).

Rules: an edit depends on no member that is there, so two PATCHes at once lose nobody. Members are added and
removed, never changed: what RFC 7643 §4.2 lets a client set of one is immutable.
"""

from dataclasses import dataclass
from typing import TypeAlias

from hallway.scim.filter import Compare, Filter, Op, Or
from hallway.scim.json import Json
from hallway.scim.patch_operations import Verb
from hallway.scim.patch_path import PatchPath
from hallway.scim.problem import invalid_value, mutability
from hallway.scim.quirks import Quirk, Tolerance
from hallway.scim.schema import Attribute
from hallway.scim.values import canonical_value


@dataclass(frozen=True, slots=True)
class Member:
    """A member as a client names it: the `value` is an id."""

    value: str
    type: str | None = None


@dataclass(frozen=True, slots=True)
class AddMembers:
    """Those who are not members yet become members."""

    values: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class RemoveMembers:
    """Those of these ids who are members are so no longer."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RemoveMembersWhere:
    """Every member that meets the filter (of a ValuePath) is so no longer."""

    filter: Filter


@dataclass(frozen=True, slots=True)
class ReplaceMembers:
    """These are the members, and nobody else; none of them empties the group."""

    values: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class RemoveAllMembers:
    """Nobody is a member."""


MemberEdit: TypeAlias = AddMembers | RemoveMembers | RemoveMembersWhere | ReplaceMembers | RemoveAllMembers


def member_edit(
    attribute: Attribute, verb: Verb, path: PatchPath, value: Json, tolerance: Tolerance
) -> MemberEdit | None:
    """What an operation on `attribute` does to its rows; None where it names nobody."""
    if path.sub is not None or (path.filter is not None and verb is not Verb.REMOVE):
        raise mutability(f"Add and remove `{attribute.name}`: what one of them is cannot be changed.")
    if verb is Verb.REMOVE:
        return _removal(attribute, path.filter, value, tolerance)
    named = members(attribute, value, tolerance)
    if verb is Verb.REPLACE:
        return ReplaceMembers(named)
    return AddMembers(named) if named else None


def members(attribute: Attribute, value: Json, tolerance: Tolerance) -> tuple[Member, ...]:
    """The members that `value` names, each id once."""
    if value == "" and not tolerance.strict:
        tolerance.met.add(Quirk.EMPTY_TEXT_REMOVES)
        return ()
    named: dict[str, Member] = {}
    given = canonical_value(attribute, value, tolerance)
    for element in given if isinstance(given, list) else []:
        member = _member(attribute, element)
        named.setdefault(member.value, member)
    return tuple(named.values())


def _member(attribute: Attribute, element: Json) -> Member:
    match element:
        case {"value": str(value), "type": str(kind)} if value:
            return Member(value, kind)
        case {"value": str(value)} if value:
            return Member(value)
        case _:
            raise invalid_value(f"Each of `{attribute.name}` needs an id as its `value`.")


def _removal(attribute: Attribute, chosen: Filter | None, value: Json, tolerance: Tolerance) -> MemberEdit | None:
    """An array of values narrows a removal: a server that overlooks it empties the group."""
    if value is not None:
        otherwise = invalid_value(f"Remove `{attribute.name}` by a filter in the path, not by `value`.")
        tolerance.accept(Quirk.REMOVE_WITH_VALUE, otherwise)
    if chosen is not None:
        ids = _ids(chosen)
        return RemoveMembersWhere(chosen) if ids is None else RemoveMembers(ids)
    if value is None:
        return RemoveAllMembers()
    named = members(attribute, value, tolerance)
    return RemoveMembers(tuple(member.value for member in named)) if named else None


def _ids(chosen: Filter) -> tuple[str, ...] | None:
    """The ids of `value eq "a" or value eq "b"`; None for any other filter."""
    ids: dict[str, None] = {}
    for part in chosen.filters if isinstance(chosen, Or) else (chosen,):
        match part:
            case Compare(path, Op.EQ, str(value)) if path.leaf.name == "value":
                ids[value] = None
            case _:
                return None
    return tuple(ids)
