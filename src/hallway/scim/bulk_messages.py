"""Bulk messages (RFC 7644 §3.7): many operations in one body.

Rules: a body that is no BulkRequest is refused as a whole; what is wrong with one operation is kept with it, so
that the others run. The data of an operation are judged by whoever carries it out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

import orjson

from hallway.scim.json import Json, JsonObject
from hallway.scim.messages import check_message_schemas
from hallway.scim.problem import ScimProblem, invalid_path, invalid_syntax, invalid_value
from hallway.scim.quirks import Quirk, Tolerance
from hallway.scim.values import by_lower_name, shown

BULK_REQUEST: Final = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
BULK_RESPONSE: Final = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"

MAX_BULK_ID_CHARACTERS: Final = 200
MAX_PATH_CHARACTERS: Final = 500


class Method(Enum):
    """What an operation does."""

    POST = "POST"
    PUT = "PUT"
    PATCH = "PATCH"
    DELETE = "DELETE"


@dataclass(frozen=True, slots=True)
class BulkOperation:
    """One operation. Where `problem` is set it cannot run, and the rest says what could be read of it.

    `endpoint` has a leading slash (`/Users`); `resource_id` is as sent, perhaps `bulkId:x`, and None with POST;
    `version` is the ETag that the resource must have.
    """

    method: Method | None = None
    endpoint: str = ""
    resource_id: str | None = None
    bulk_id: str | None = None
    version: str | None = None
    data: Json = None
    problem: ScimProblem | None = None


@dataclass(frozen=True, slots=True)
class BulkRequest:
    """Operations in the order of the request; after `fail_on_errors` errors the rest is not tried (None: never)."""

    fail_on_errors: int | None
    operations: tuple[BulkOperation, ...]


@dataclass(frozen=True, slots=True)
class BulkOutcome:
    """What became of an operation; `location` is None only for a failed POST, `response` is an error's body."""

    operation: BulkOperation
    status: int
    location: str | None = None
    version: str | None = None
    response: bytes | None = None


def bulk_request(body: Json, max_operations: int, tolerance: Tolerance) -> BulkRequest:
    """The operations of a BulkRequest; raises 413 for more than `max_operations`, else `invalidSyntax`."""
    if not isinstance(body, dict):
        raise invalid_syntax("The body is a BulkRequest object.")
    message = by_lower_name(body, "The body")
    check_message_schemas(message.get("schemas"), BULK_REQUEST, tolerance)
    listed = message.get("operations")
    if not isinstance(listed, list):
        raise invalid_syntax("A BulkRequest needs `Operations`, an array.")
    if len(listed) > max_operations:
        raise ScimProblem(413, f"One request may hold at most {max_operations} operations. Send several.")
    fail_on_errors = message.get("failonerrors")
    if fail_on_errors is not None and not _is_positive(fail_on_errors):
        raise invalid_value("`failOnErrors` is an integer of at least 1.")
    return BulkRequest(
        fail_on_errors if isinstance(fail_on_errors, int) else None,
        tuple(_operation(given, tolerance) for given in listed),
    )


def bulk_response(outcomes: Sequence[BulkOutcome]) -> bytes:
    """The BulkResponse of what was done, in the order given."""
    head = orjson.dumps({"schemas": [BULK_RESPONSE]})[:-1]
    return b"".join((head, b',"Operations":[', b",".join(map(_outcome, outcomes)), b"]}"))


def _operation(given: Json, tolerance: Tolerance) -> BulkOperation:
    try:
        if not isinstance(given, dict):
            raise invalid_syntax("An operation is an object.")
        members = by_lower_name(given, "An operation")
    except ScimProblem as problem:
        return BulkOperation(problem=problem)
    known = BulkOperation()
    for read in (_with_bulk_id, _with_method, _with_path, _with_version, _with_data):
        try:
            known = read(known, members, tolerance)
        except ScimProblem as problem:
            known = replace(known, problem=known.problem or problem)
    return known


def _with_bulk_id(known: BulkOperation, members: JsonObject, _tolerance: Tolerance) -> BulkOperation:
    bulk_id = members.get("bulkid")
    if bulk_id is None:
        return known
    if not isinstance(bulk_id, str) or not 0 < len(bulk_id) <= MAX_BULK_ID_CHARACTERS:
        raise invalid_value(f"A `bulkId` is text of 1 to {MAX_BULK_ID_CHARACTERS} characters.")
    return replace(known, bulk_id=bulk_id)


def _with_method(known: BulkOperation, members: JsonObject, tolerance: Tolerance) -> BulkOperation:
    sent = members.get("method")
    otherwise = invalid_syntax("The `method` of an operation is POST, PUT, PATCH or DELETE.")
    if not isinstance(sent, str) or sent.upper() not in Method.__members__:
        raise otherwise
    if not sent.isupper():
        tolerance.accept(Quirk.OPERATION_CASE, otherwise)
    method = Method(sent.upper())
    if method is Method.POST and known.bulk_id is None and known.problem is None:
        known = replace(known, problem=invalid_value("An operation with POST needs a `bulkId`."))
    return replace(known, method=method)


def _with_path(known: BulkOperation, members: JsonObject, _tolerance: Tolerance) -> BulkOperation:
    """A path relative to the base URL: `/Users`, `/Users/{id}`, `/Users/bulkId:x`."""
    path = members.get("path")
    if not isinstance(path, str) or len(path) > MAX_PATH_CHARACTERS:
        raise invalid_path(f"The `path` of an operation is text of at most {MAX_PATH_CHARACTERS} characters.")
    endpoint, slash, resource_id = path.removeprefix("/").partition("/")
    known = replace(known, endpoint=f"/{endpoint}", resource_id=resource_id or None)
    if not endpoint or "/" in resource_id or "?" in path or "#" in path or (slash and not resource_id):
        raise invalid_path(f"`{shown(path)}` is neither `/Users` nor `/Users/{{id}}` in form.")
    if known.method is Method.POST and resource_id:
        raise invalid_path("The `path` of a POST is that of an endpoint, such as `/Users`.")
    if known.method is not Method.POST and not resource_id:
        raise invalid_path("The `path` of PUT, PATCH and DELETE names one resource, such as `/Users/{id}`.")
    return known


def _with_version(known: BulkOperation, members: JsonObject, _tolerance: Tolerance) -> BulkOperation:
    version = members.get("version")
    if version is not None and not isinstance(version, str):
        raise invalid_value("The `version` of an operation is text.")
    return replace(known, version=version)


def _with_data(known: BulkOperation, members: JsonObject, _tolerance: Tolerance) -> BulkOperation:
    data = members.get("data")
    if known.method is Method.DELETE:
        return known
    if not isinstance(data, dict):
        raise invalid_syntax("The `data` of an operation with POST, PUT or PATCH is an object.")
    return replace(known, data=data)


def _outcome(outcome: BulkOutcome) -> bytes:
    operation = outcome.operation
    members: dict[str, str | None] = {
        "location": outcome.location,
        "method": None if operation.method is None else operation.method.value,
        "bulkId": operation.bulk_id,
        "version": outcome.version,
        "status": str(outcome.status),
    }
    head = orjson.dumps({name: value for name, value in members.items() if value is not None})
    if outcome.response is None:
        return head
    return b"".join((head[:-1], b',"response":', outcome.response, b"}"))


def _is_positive(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1
