"""The OpenAPI 3.1 document of the REST API, made of the rows.

Rules: nothing is written twice: paths, parameters, scopes and answers come from the rows, schemas from the types, with
an example of each; an answer that the document does not name is a fault.
"""

import re
import typing
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct

from hallway.web.api.endpoint import Document, Endpoint
from hallway.web.api.examples import example_of
from hallway.web.api.problems import PROBLEMS
from hallway.web.api.words import PATH_PARAMETERS
from hallway.web.scope_words import SCOPE_WORDS

_PARAMETER: Final = re.compile(r"\{(\w+)\}")
_REF: Final = "#/components/schemas/{name}"
_ALWAYS: Final = ("malformed_request", "unauthenticated", "insufficient_scope", "invalid", "wrong_host")
_ALWAYS_TOO: Final = ("too_many_requests", "internal_error", "unavailable")
_ETAG: Final = {"ETag": {"description": "The version.", "schema": {"type": "string"}}}


class PlaceOfError(Document, frozen=True, kw_only=True):
    """Where in body or query something is wrong."""

    at: typing.Annotated[str, msgspec.Meta(examples=["name"])]
    detail: typing.Annotated[str, msgspec.Meta(examples=["Expected `str` of length >= 1"])]


class Problem(Document, frozen=True, kw_only=True):
    """A refusal (RFC 9457). `code` stays the same; `detail` is for whoever reads the log."""

    type: typing.Annotated[str, msgspec.Meta(examples=["https://hub.example/api/v1/docs#not_found"])]
    title: typing.Annotated[str, msgspec.Meta(examples=["There is no such thing"])]
    status: typing.Annotated[int, msgspec.Meta(examples=[404])]
    detail: typing.Annotated[str, msgspec.Meta(examples=["There is no such organization. Find ids by external_id."])]
    code: typing.Annotated[str, msgspec.Meta(examples=["not_found"])]
    request_id: typing.Annotated[str, msgspec.Meta(examples=["0b9f5d6e7a8c9d0e1f2a3b4c"])]
    errors: list[PlaceOfError] = []
    snapshot: typing.Annotated[
        str,
        msgspec.Meta(description="Of `cursor_gone`: where to begin.", examples=["https://hub.example/api/v1/snapshot"]),
    ] = ""


def problems_of(one: Endpoint) -> tuple[str, ...]:
    """Every code that a row may answer with."""
    found = [*_ALWAYS, *_ALWAYS_TOO]
    found += ["not_found"] if "{" in one.path else []
    found += ["body_too_large", "unsupported_media_type"] if one.body is not None else []
    found += ["invalid_cursor", "search_took_too_long"] if one.query is not None and _is_paged(one.query) else []
    found += ["conflict", "forbidden"] if one.method != "GET" else []
    found += ["precondition_failed"] if one.takes_if_match else []
    if one.method == "POST":
        found += ["request_in_progress", "answer_lost", "idempotency_key_reused", "body_too_large"]
    wanted = {*found, *one.problems}
    return tuple(code for code in PROBLEMS if code in wanted)


def _is_paged(kind: type[Struct]) -> bool:
    return any(field.name == "after" for field in msgspec.structs.fields(kind))


def document(endpoints: Iterable[Endpoint], base_url: str) -> dict[str, Any]:
    """The whole document."""
    rows = tuple(endpoints)
    paths: dict[str, dict[str, Any]] = {}
    for one in rows:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Hallway Hub",
            "version": "1",
            "description": "What the consoles can do, for programs. A key has scopes; every refusal has a code.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": base_url}],
        "security": [{"bearer": []}],
        "tags": [{"name": area} for area in dict.fromkeys(one.area for one in rows)],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key (`hw_api_…`), or an access token of an application's own.",
                }
            },
            "schemas": _schemas(rows),
        },
        "x-scopes": dict(SCOPE_WORDS),
    }


def _operation(one: Endpoint) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": one.serve.__name__,
        "summary": one.summary.rstrip("."),
        "description": " ".join(filter(None, (one.about, f"Scope: `{one.scope}`."))),
        "tags": [one.area],
        "x-scope": one.scope,
        "parameters": [*_path_parameters(one), *_query_parameters(one), *_header_parameters(one)],
        "responses": {str(one.status): _success(one), **_refusals(one)},
    }
    if one.body is not None:
        content = {"schema": _ref(one.body), "example": example_of(one.body)}
        told["requestBody"] = {"required": True, "content": {"application/json": content}}
    return told


def _path_parameters(one: Endpoint) -> Iterator[dict[str, Any]]:
    for name in _PARAMETER.findall(one.path):
        schema = msgspec.json.schema(PATH_PARAMETERS[name])
        yield {"name": name, "in": "path", "required": True, **_with_example(schema)}


def _with_example(schema: dict[str, Any]) -> dict[str, Any]:
    told = {key: value for key, value in schema.items() if key not in ("description", "examples")}
    found: dict[str, Any] = {"schema": told}
    if "description" in schema:
        found["description"] = schema["description"]
    if schema.get("examples"):
        found["example"] = schema["examples"][0]
    return found


def _query_parameters(one: Endpoint) -> Iterator[dict[str, Any]]:
    if one.query is None:
        return
    (schema,), components = msgspec.json.schema_components([one.query], ref_template="{name}")
    properties = components[schema["$ref"]]["properties"]
    required = set(components[schema["$ref"]].get("required", ()))
    for name, told in properties.items():
        if "$ref" in told:
            told = components[told["$ref"]]
        told = {key: _inlined(value, components) for key, value in told.items()}
        yield {"name": name, "in": "query", "required": name in required, **_with_example(told)}


def _inlined(value: Any, components: dict[str, Any]) -> Any:
    """The schema with what it refers to in its place."""
    if isinstance(value, dict):
        if "$ref" in value:
            return components[value["$ref"]]
        return {key: _inlined(one, components) for key, one in value.items()}
    return [_inlined(one, components) for one in value] if isinstance(value, list) else value


def _header_parameters(one: Endpoint) -> Iterator[dict[str, Any]]:
    if one.method == "POST":
        yield {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "Sent again with the same key within a day, the request gets the first answer.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
        }
    if one.takes_if_match:
        yield {
            "name": "If-Match",
            "in": "header",
            "required": False,
            "description": "The ETag that was read: refused with 412 where it is another one by now.",
            "schema": {"type": "string"},
        }


def _success(one: Endpoint) -> dict[str, Any]:
    told: dict[str, Any] = {"description": "Done." if one.answer is None else _first_line(one.answer)}
    if one.answer is not None:
        told["content"] = {"application/json": {"schema": _ref(one.answer), "example": example_of(one.answer)}}
    if one.versioned and one.answer is not None:
        told["headers"] = dict(_ETAG)
    if one.status == 201:
        location = {"description": "Where it is.", "schema": {"type": "string"}}
        told["headers"] = {**told.get("headers", {}), "Location": location}
    return told


def _refusals(one: Endpoint) -> dict[str, Any]:
    by_status: dict[int, list[str]] = {}
    for code in problems_of(one):
        by_status.setdefault(PROBLEMS[code].status, []).append(code)
    content = {"application/problem+json": {"schema": _ref(Problem)}}
    return {
        str(status): {"description": ", ".join(f"`{code}`" for code in codes), "content": content}
        for status, codes in sorted(by_status.items())
    }


def _first_line(kind: type[Struct]) -> str:
    return (kind.__doc__ or kind.__name__).strip().splitlines()[0]


def _ref(kind: type[Struct]) -> dict[str, str]:
    return {"$ref": _REF.format(name=kind.__name__)}


def _schemas(rows: Iterable[Endpoint]) -> dict[str, Any]:
    kinds = {kind for one in rows for kind in (one.answer, one.body) if kind is not None} | {Problem}
    ordered = sorted(kinds, key=lambda kind: kind.__name__)
    _, components = msgspec.json.schema_components(ordered, ref_template=_REF)
    for kind in ordered:
        components[kind.__name__]["examples"] = [example_of(kind)]
    return dict(sorted(components.items()))
