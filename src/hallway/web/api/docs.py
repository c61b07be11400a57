"""The API for people: one page, made of the OpenAPI document.

Rules: what the document does not say is not on the page; it works without scripts, and asks no other host.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from hallway.web.api.problems import PROBLEMS
from hallway.web.http import Request, Response
from hallway.web.pages import Pages
from hallway.web.rows import PageHandler

_METHODS: Final = ("get", "post", "put", "patch", "delete")
_LINKED: Final = re.compile(r"\[([^\]]+)\]\([^)]+\)")
_WORDS: Final[Mapping[str, Any]] = {
    "parameters": "Parameters",
    "columns": ("Name", "In", "Type", "What it is"),
    "body": "Body",
    "refusals": "Refused with:",
}
TITLES: Final = {
    "organizations": "Organizations",
    "members": "Members and roles",
    "directories": "Directories, people, exchanges",
    "domains": "Domains",
    "connections": "Connections and attempts",
    "setup_links": "Set-up links",
    "events": "Events",
    "receipts": "Receipts",
    "applications": "Applications",
    "webhooks": "Webhooks",
}
"""How the docs call each area, in their order."""


class DocsPage:
    """The handler; `document` is the OpenAPI document."""

    def __init__(self, pages: Pages, document: Mapping[str, Any]) -> None:
        self._pages = pages
        self._areas = [_area(tag["name"], document) for tag in document["tags"]]

    def handlers(self) -> Mapping[str, PageHandler]:
        """By its name in the route table."""
        return {"api_docs": self.show}

    async def show(self, request: Request, _: Any) -> Response:
        """The page."""
        problems = [(code, kind.status, kind.title, plain(kind.remedy)) for code, kind in PROBLEMS.items()]
        return self._pages.render(
            request, "api/docs.html", areas=self._areas, problems=problems, problems_title="Problems"
        )  # fmt: skip


def plain(text: str) -> str:
    """A sentence of the docs without its marks."""
    return _LINKED.sub(r"\1", text).replace("`", "")


def _area(name: str, document: Mapping[str, Any]) -> dict[str, Any]:
    operations = [
        _operation(path, method, told)
        for path, item in document["paths"].items()
        for method, told in item.items()
        if method in _METHODS and told["tags"] == [name]
    ]
    return {"name": name, "title": TITLES[name], "operations": operations}


def _operation(path: str, method: str, told: Mapping[str, Any]) -> dict[str, Any]:
    status, success = next(iter(told["responses"].items()))
    return {
        "id": told["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": told["summary"],
        "description": plain(told["description"]),
        "parameters": list(_parameters(told)),
        "body": _content(told["requestBody"]) if "requestBody" in told else None,
        "answer": {"status": status, **_content(success)},
        "refusals": [
            code.strip("` ")
            for answer in list(told["responses"].values())[1:]
            for code in answer["description"].split(",")
        ],
        "words": _WORDS,
    }


def _parameters(told: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for one in told["parameters"]:
        schema = one["schema"]
        kind = " or ".join(map(str, schema["enum"])) if "enum" in schema else str(schema.get("type", "string"))
        yield {
            "name": one["name"],
            "place": one["in"],
            "type": kind,
            "about": plain(one.get("description", "")),
        }


def _content(told: Mapping[str, Any]) -> dict[str, str]:
    content = told.get("content", {}).get("application/json")
    if content is None:
        return {"name": "", "example": ""}
    example = orjson.dumps(content["example"], option=orjson.OPT_INDENT_2).decode()
    return {"name": content["schema"]["$ref"].rpartition("/")[2], "example": example}
