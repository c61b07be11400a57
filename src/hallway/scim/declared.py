"""Extension schemas that a deployment declares for itself, read from a file (RFC 7643 §6, §7).

Rules: a file is an array of `{"extends": "User" | "Group", "required": …, "schema": {…}}`, where `schema` is as
`/Schemas` answers it. Nothing unknown is skipped. Every mistake is named at once, each by its JSON path. What a file
does not say is as RFC 7643 §2.2 has it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeVar

from hallway.scim.json import Json, JsonObject
from hallway.scim.schema import Attribute, AttributeType, Extension, Mutability, Returned, Schema, Uniqueness
from hallway.scim.standard import STANDARD_SCHEMAS
from hallway.scim.values import shown

MAX_SCHEMAS: Final = 50
MAX_ATTRIBUTES: Final = 200
"""Of one schema, and of one complex attribute."""

MAX_VALUES: Final = 500
MAX_TEXT: Final = 2_000
MAX_MISTAKES: Final = 100

_EXTENDED: Final = ("User", "Group")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9$_-]{0,99}|\$ref", re.ASCII)
_URI: Final = re.compile(
    r"(?:urn:[a-z0-9][a-z0-9-]{0,31}:|https?://)[a-z0-9._~:/@!$&*+;=%-]{1,300}(?<!:)", re.ASCII | re.IGNORECASE
)
"""Without what ends a name in filters, paths and lists of names."""

_DESCRIPTORS: Final = frozenset({"schemas", "meta"})
"""What a document copied from `/Schemas` has besides; not read."""

_CASE_EXACT: Final = (AttributeType.REFERENCE, AttributeType.BINARY)
"""Whatever a declaration says (RFC 7643 §2.3.6, §2.3.7)."""

_Choice = TypeVar("_Choice", bound=Enum)


class DeclarationProblem(Exception):
    """A declaration cannot be used; `mistakes` has one sentence for each place that is wrong."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True)
class DeclaredExtension:
    """An extension and the name of the resource type that it extends: `User` or `Group`."""

    extends: str
    extension: Extension


def declared_schemas(document: Json) -> tuple[DeclaredExtension, ...]:
    """The extensions that a file declares, in its order; raises DeclarationProblem."""
    if not isinstance(document, list):
        raise DeclarationProblem(["$: is an array of declarations."])
    if len(document) > MAX_SCHEMAS:
        raise DeclarationProblem([f"$: has at most {MAX_SCHEMAS} declarations."])
    mistakes: list[str] = []
    nodes = list(_nodes(document, "$", mistakes))
    declared = [_declaration(node) for node in nodes]
    taken = {schema.id.lower() for schema in STANDARD_SCHEMAS}
    for node, one in zip(nodes, declared, strict=True):
        urn = one.extension.schema.id.lower()
        if urn and urn in taken:
            node.wrong("schema.id", "is that of another schema.")
        taken.add(urn)
    if mistakes:
        raise DeclarationProblem(mistakes[:MAX_MISTAKES])
    return tuple(declared)


@dataclass(frozen=True, slots=True)
class _Node:
    """An object of the file and where it is; what is wrong with it is added to `mistakes`."""

    members: JsonObject
    place: str
    mistakes: list[str]

    def wrong(self, key: str, sentence: str) -> None:
        self.mistakes.append(f"{self.place}.{key}: {sentence}")

    def refuse_unknown(self, known: frozenset[str]) -> None:
        for key in sorted(self.members.keys() - known):
            self.wrong(shown(key), "is not known here.")

    def text(self, key: str) -> str:
        value = self.members.get(key, "")
        if isinstance(value, str) and len(value) <= MAX_TEXT:
            return value
        self.wrong(key, f"is text of at most {MAX_TEXT} characters.")
        return ""

    def matching(self, key: str, pattern: re.Pattern[str], sentence: str) -> str:
        value = self.members.get(key)
        if isinstance(value, str) and pattern.fullmatch(value):
            return value
        self.wrong(key, sentence)
        return ""

    def flag(self, key: str) -> bool:
        value = self.members.get(key, False)
        if isinstance(value, bool):
            return value
        self.wrong(key, "is true or false.")
        return False

    def choice(self, key: str, default: _Choice) -> _Choice:
        choices = {str(choice.value): choice for choice in type(default)}
        value = self.members.get(key, default.value)
        if isinstance(value, str) and value in choices:
            return choices[value]
        self.wrong(key, f"is one of {', '.join(choices)}.")
        return default

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.members.get(key, [])
        texts = tuple(text for text in value if isinstance(text, str) and text) if isinstance(value, list) else ()
        if not isinstance(value, list) or len(set(texts)) < len(value) or len(value) > MAX_VALUES:
            self.wrong(key, f"is an array of at most {MAX_VALUES} texts, none empty, none twice.")
        return texts

    def nodes(self, key: str) -> list["_Node"]:
        value = self.members.get(key)
        if isinstance(value, list) and 0 < len(value) <= MAX_ATTRIBUTES:
            return list(_nodes(value, f"{self.place}.{key}", self.mistakes))
        self.wrong(key, f"is an array of 1 to {MAX_ATTRIBUTES} attributes.")
        return []


def _nodes(values: list[Json], place: str, mistakes: list[str]) -> Iterator[_Node]:
    for index, value in enumerate(values):
        if isinstance(value, dict):
            yield _Node(value, f"{place}[{index}]", mistakes)
        else:
            mistakes.append(f"{place}[{index}]: is an object.")


def _declaration(node: _Node) -> DeclaredExtension:
    node.refuse_unknown(frozenset({"extends", "required", "schema"}))
    extends = node.members.get("extends")
    if extends not in _EXTENDED:
        node.wrong("extends", f"is one of {', '.join(_EXTENDED)}.")
    return DeclaredExtension(str(extends), Extension(_schema(node), node.flag("required")))


def _schema(declaration: _Node) -> Schema:
    members = declaration.members.get("schema")
    if not isinstance(members, dict):
        declaration.wrong("schema", "is an object: a schema as RFC 7643 §7 has it.")
        return Schema("", "", "", ())
    node = _Node(members, f"{declaration.place}.schema", declaration.mistakes)
    node.refuse_unknown(_DESCRIPTORS | {"id", "name", "description", "attributes"})
    return Schema(
        node.matching("id", _URI, "is a URN, or an http(s) address without query."),
        node.text("name"),
        node.text("description"),
        _attributes(node, "attributes", inside=False),
    )


def _attributes(node: _Node, key: str, inside: bool) -> tuple[Attribute, ...]:
    attributes: list[Attribute] = []
    names: set[str] = set()
    for inner in node.nodes(key):
        attribute = _attribute(inner, inside)
        if attribute.name and attribute.name.lower() in names:
            inner.wrong("name", "stands here twice (case does not count).")
        names.add(attribute.name.lower())
        attributes.append(attribute)
    return tuple(attributes)


_CHARACTERISTICS: Final = frozenset(
    {
        *("name", "type", "multiValued", "description", "required", "canonicalValues", "caseExact"),
        *("mutability", "returned", "uniqueness", "referenceTypes", "subAttributes"),
    }
)


def _attribute(node: _Node, inside: bool) -> Attribute:
    node.refuse_unknown(_CHARACTERISTICS)
    kind = node.choice("type", AttributeType.STRING)
    mutability = node.choice("mutability", Mutability.READ_WRITE)
    returned = node.choice("returned", Returned.DEFAULT)
    if mutability is Mutability.WRITE_ONLY and returned is not Returned.NEVER:
        node.wrong("returned", "is never where mutability is writeOnly.")
    for key, of in (("canonicalValues", AttributeType.STRING), ("referenceTypes", AttributeType.REFERENCE)):
        if kind is not of and key in node.members:
            node.wrong(key, f"is for attributes of type {of.value}.")
    return Attribute(
        name=node.matching("name", _NAME, "begins with a letter; letters, digits, `-`, `_`, `$` follow."),
        type=kind,
        multi_valued=node.flag("multiValued"),
        required=node.flag("required"),
        case_exact=node.flag("caseExact") or kind in _CASE_EXACT,
        mutability=mutability,
        returned=returned,
        uniqueness=_no_uniqueness(node),
        description=node.text("description"),
        canonical_values=node.texts("canonicalValues"),
        reference_types=node.texts("referenceTypes"),
        sub_attributes=_sub_attributes(node, kind, inside),
    )


def _no_uniqueness(node: _Node) -> Uniqueness:
    """A promise that nothing would keep is refused."""
    declared = node.choice("uniqueness", Uniqueness.NONE)
    if declared is not Uniqueness.NONE:
        node.wrong("uniqueness", 'write "none": uniqueness is kept for userName and group names only')
    return Uniqueness.NONE


def _sub_attributes(node: _Node, kind: AttributeType, inside: bool) -> tuple[Attribute, ...]:
    if kind is not AttributeType.COMPLEX:
        if "subAttributes" in node.members:
            node.wrong("subAttributes", "is for attributes of type complex.")
        return ()
    if inside:
        node.wrong("type", "is not complex inside a complex attribute (RFC 7643 §2.3.8).")
        return ()
    return _attributes(node, "subAttributes", inside=True)
