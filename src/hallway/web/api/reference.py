"""`python -m hallway.web.api.reference` writes the API's pages of the reference from the rows.

Rules: what can be derived is derived; tests hold both pages to what this makes.
"""

import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from hallway.web.api.docs import TITLES
from hallway.web.api.endpoint import Endpoint
from hallway.web.api.openapi import document
from hallway.web.api.problems import PROBLEMS
from hallway.web.api.table import ENDPOINTS
from hallway.web.scope_words import SCOPE_WORDS

_HEAD: Final = """# REST API

Everything that the consoles can do, for programs of the vendor's. This page is made from the same rows as the
OpenAPI 3.1 document, which a deployment serves at `GET /api/v1/openapi.json` for code generators, and as a page for
people, with an example of each body and answer, at `GET /api/v1/docs`. Neither needs a key.

- **Who calls.** `Authorization: Bearer` with an [API key](cli.md#hallway-hub-api-key-create), or with an access token
  that an application got for itself. A key belongs to the deployment and reaches every organization, as far as its
  scopes go; whose key did something stands in the organization's [journal](journal.md). A scope that writes an area
  reads it too.
- **Ids** have a prefix and stay the same. An id of another organization is `not_found`, as one that never was.
- **Bodies** are JSON (`application/json`), at most 256 KiB. A name that is not known is refused, in bodies and in
  queries. In a PATCH, what is left out stays.
- **Lists** come in pages: `{"items": […], "next": …}`. Send `next` as `after` for the next page; it is null on the
  last one. `limit` is 50 unless said, 200 at most. Nothing that stays is left out or comes twice, whatever is added or
  removed meanwhile.
- **Versions.** Where an answer has an `ETag`, a PATCH or DELETE of the same address takes it in `If-Match`, and is
  refused with `precondition_failed` where it is another one by now.
- **Again.** A POST with an `Idempotency-Key` that is sent again within a day gets the first answer, with
  `Idempotency-Replayed: true`. Only answers of success are kept: what was refused can be tried again with the same key.
  Use one, random, for each POST that makes something.
- **Refusals** are [problem details](api-problems.md) with a `code` that stays the same.
- **Limits.** A key may send [50 requests a second](settings.md#rate_limit_per_second) unless the deployment says
  otherwise; 429 says in `Retry-After` when to go on.
- **Secrets** (directory tokens, addresses of set-up links) are in the answer that makes them and nowhere else.

"""
_PROBLEMS_HEAD: Final = """# Problems of the REST API

Every refusal of the [REST API](api.md) is a problem details document (RFC 9457, `application/problem+json`):

```json
{
  "type": "https://hub.example/api/v1/docs#invalid",
  "title": "A value is not right",
  "status": 422,
  "detail": "name: Expected `str` of length >= 1.",
  "code": "invalid",
  "request_id": "0b9f5d6e7a8c9d0e1f2a3b4c",
  "errors": [{"at": "name", "detail": "Expected `str` of length >= 1"}]
}
```

Programs decide on `code`, which stays the same; `detail` is a sentence for whoever reads the log, and may change.
`errors` is there where places in the body or query are wrong.

"""


def page() -> str:
    """`docs/reference/api.md`."""
    parts = [_HEAD, "## Scopes\n\n| scope | |\n|---|---|\n"]
    parts += [f"| `{scope}` | {what} |\n" for scope, what in SCOPE_WORDS.items()]
    for area, title in TITLES.items():
        rows = [one for one in ENDPOINTS if one.area == area]
        if rows:
            parts.append(f"\n## {title}\n\n| route | scope | |\n|---|---|---|\n")
            parts += [_line(one) for one in rows]
            parts += _documents(rows)
    return "".join(parts)


def problems_page() -> str:
    """`docs/reference/api-problems.md`."""
    parts = [_PROBLEMS_HEAD]
    for code, kind in PROBLEMS.items():
        parts.append(f"### `{code}`\n\n{kind.status}. {kind.title}. {kind.remedy}\n\n")
    return "".join(parts).rstrip() + "\n"


def _line(one: Endpoint) -> str:
    told = " ".join(filter(None, (one.summary, one.about)))
    body = f" Body: [{one.body.__name__}](#{one.body.__name__.lower()})." if one.body is not None else ""
    gives = f" Gives [{one.answer.__name__}](#{one.answer.__name__.lower()})." if one.answer is not None else ""
    if one.query is not None:
        names = ", ".join(f"`{field.encode_name}`" for field in msgspec.structs.fields(one.query))
        body += f" Query: {names}."
    return f"| `{one.method} {one.path}` | `{one.scope}` | {told}{body}{gives} |\n"


def _documents(rows: list[Endpoint]) -> Iterator[str]:
    kinds = dict.fromkeys(kind for one in rows for kind in (one.body, one.answer) if kind is not None)
    schemas = document(ENDPOINTS, "")["components"]["schemas"]
    names = list(dict.fromkeys(name for kind in kinds for name in _reached(kind.__name__, schemas)))
    for name in names:
        schema = schemas[name]
        if "properties" not in schema or name in _told_before(rows, schemas):
            continue
        yield f"\n### {name}\n\n{schema.get('description', '')}\n\n| key | type | |\n|---|---|---|\n"
        required = set(schema.get("required", ()))
        for key, told in schema["properties"].items():
            optional = "" if key in required else " (optional)"
            yield f"| `{key}` | {_type(told, schemas)}{optional} | {told.get('description', '')} |\n"


def _told_before(rows: list[Endpoint], schemas: dict[str, Any]) -> set[str]:
    """What an area before has told already."""
    areas = list(TITLES)
    earlier = set(areas[: areas.index(rows[0].area)])
    kinds = [kind for one in ENDPOINTS if one.area in earlier for kind in (one.body, one.answer) if kind is not None]
    return {name for kind in kinds for name in _reached(kind.__name__, schemas)}


def _reached(name: str, schemas: dict[str, Any]) -> Iterator[str]:
    yield name
    for below in _refs(schemas[name].get("properties", {})):
        yield from _reached(below, schemas)


def _refs(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"].rpartition("/")[2]
        for one in value.values():
            yield from _refs(one)
    elif isinstance(value, list):
        for one in value:
            yield from _refs(one)


def _type(told: dict[str, Any], schemas: dict[str, Any]) -> str:
    if "$ref" in told:
        name = told["$ref"].rpartition("/")[2]
        if "enum" in schemas[name]:
            return _words(schemas[name]["enum"])
        return f"[{name}](#{name.lower()})"
    if "enum" in told:
        return _words(told["enum"])
    if "anyOf" in told:
        return " or ".join(_type(one, schemas) for one in told["anyOf"])
    if told.get("type") == "array":
        return f"list of {_type(told.get('items', {}), schemas)}"
    return str(told.get("format") or told.get("type") or "any JSON")


def _words(values: typing.Sequence[object]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def main() -> None:
    """Write both pages."""
    folder = Path("docs/reference")
    (folder / "api.md").write_text(page(), encoding="utf-8")
    (folder / "api-problems.md").write_text(problems_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
