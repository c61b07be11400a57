"""Bodies as bytes: what comes in is decoded once, what goes out is joined and never parsed again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from hallway.scim.json import Json, JsonObject
from hallway.scim.problem import ScimProblem, invalid_syntax
from hallway.scim.quirks import Quirk, Tolerance
from hallway.scim.values import MAX_DEPTH, check_depth

ERROR: Final = "urn:ietf:params:scim:api:messages:2.0:Error"
LIST_RESPONSE: Final = "urn:ietf:params:scim:api:messages:2.0:ListResponse"

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Paging:
    """Where a page stands. `total` may be unknown on a walk by cursor, which has no `start_index` (RFC 9865 §2)."""

    total: int | None
    start_index: int | None = None
    next_cursor: str | None = None
    previous_cursor: str | None = None


def decoded_body(raw: bytes, tolerance: Tolerance) -> Json:
    """The JSON value of a request's body; `invalidSyntax` with the place where it is none.

    It nests at most `MAX_DEPTH` levels, and no text in it has a NUL. Of a name that an object has twice the
    last one counts.
    """
    if raw.startswith(_BYTE_ORDER_MARK):
        tolerance.accept(Quirk.BYTE_ORDER_MARK, invalid_syntax("The body begins with a byte-order mark."))
        raw = raw[len(_BYTE_ORDER_MARK) :]
    try:
        body: Json = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise _not_json(raw, error) from None
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH:
        check_depth(body)
    if b"\\u0000" in raw:
        _refuse_nul(body)
    return body


def check_message_schemas(urns: Json, wanted: str, tolerance: Tolerance) -> None:
    """Raise `invalidSyntax` unless the `schemas` of a message hold the URN of what it should be."""
    if urns is None or urns == []:
        tolerance.accept(Quirk.MISSING_SCHEMAS, invalid_syntax(f"`schemas` must hold {wanted}."))
        return
    if isinstance(urns, str):
        tolerance.accept(Quirk.ARRAY_AS_SINGLE_VALUE, invalid_syntax("`schemas` is an array."))
        urns = [urns]
    listed = [urn.lower() for urn in urns if isinstance(urn, str)] if isinstance(urns, list) else []
    if wanted.lower() not in listed:
        raise invalid_syntax(f"`schemas` must hold {wanted}.")
    if set(listed) != {wanted.lower()}:
        unknown = invalid_syntax(f"`schemas` must hold {wanted} and nothing else.")
        tolerance.accept(Quirk.UNKNOWN_SCHEMA_IGNORED, unknown)


def error_body(problem: ScimProblem) -> bytes:
    """The Error message (RFC 7644 §3.12); its `status` is text."""
    message: JsonObject = {"schemas": [ERROR], "status": str(problem.status)}
    if problem.scim_type is not None:
        message["scimType"] = problem.scim_type
    message["detail"] = problem.detail
    return orjson.dumps(message)


def list_response(resources: Sequence[bytes], paging: Paging) -> bytes:
    """The ListResponse of finished resources (RFC 7644 §3.4.2); `itemsPerPage` is what this page holds."""
    head: JsonObject = {"schemas": [LIST_RESPONSE]}
    counts: dict[str, int | str | None] = {
        "totalResults": paging.total,
        "startIndex": paging.start_index,
        "itemsPerPage": len(resources),
        "previousCursor": paging.previous_cursor,
        "nextCursor": paging.next_cursor,
    }
    head.update((name, value) for name, value in counts.items() if value is not None)
    return b"".join((orjson.dumps(head)[:-1], b',"Resources":[', b",".join(resources), b"]}"))


def _not_json(raw: bytes, error: orjson.JSONDecodeError) -> ScimProblem:
    if not raw.strip():
        return invalid_syntax("The body is empty, and JSON was expected.")
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as broken:
        return invalid_syntax(f"The body is not UTF-8: byte {broken.start + 1} cannot be read.")
    return invalid_syntax(f"The body is not JSON: {error.msg}, at line {error.lineno}, column {error.colno}.")


def _refuse_nul(body: Json) -> None:
    level: list[Json] = [body]
    while level:
        if any(isinstance(item, str) and "\0" in item for item in level):
            raise invalid_syntax("The body has text with a NUL character.")
        level = [inner for item in level for inner in _inside(item)]


def _inside(item: Json) -> list[Json]:
    if isinstance(item, dict):
        return [*item.keys(), *item.values()]
    return item if isinstance(item, list) else []
