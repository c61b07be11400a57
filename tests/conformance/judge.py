"""An independent judge: every answer of a session is read by scim2-models, under the schemas that the server published.

Rules: the models are made from the directory's own discovery documents, so an attribute that is sent but not
declared is a failure; so is an error whose status is not that of the answer, a body where none may be, and a
`Location` or `ETag` that the body contradicts.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import httpx2
from pydantic import ValidationError
from scim2_client import SCIMClientException
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_models import (
    BulkResponse,
    Context,
    Error,
    ListResponse,
    ResourceType,
    Schema,
    SCIMException,
    ServiceProviderConfig,
)

from tests.flows.scim_client import Answer
from tests.running import Source

BODILESS: Final = (204, 304)
SCIM_TYPES: Final = {
    400: {
        "invalidFilter", "tooMany", "uniqueness", "mutability", "invalidSyntax", "invalidPath", "noTarget",
        "invalidValue", "invalidVers", "sensitive", "invalidCursor", "expiredCursor", "invalidCount",
    },
    409: {"uniqueness"},
}  # fmt: skip
"""RFC 7644 §3.12 and RFC 9865 §2.1.1."""

_CONTEXTS: Final = {
    "POST": Context.RESOURCE_CREATION_RESPONSE,
    "PUT": Context.RESOURCE_REPLACEMENT_RESPONSE,
    "PATCH": Context.RESOURCE_PATCH_RESPONSE,
}
_DISCOVERY: Final[dict[str, Any]] = {
    "ServiceProviderConfig": ServiceProviderConfig,
    "ResourceTypes": ResourceType,
    "Schemas": Schema,
}

_LIST: Final[Any] = ListResponse
_BULK: Final[Any] = BulkResponse
"""Parametrized by models that are known only at run time."""


class Judge:
    """Reads what one directory answers; `seen` counts the kinds of documents that were read."""

    def __init__(self, source: Source) -> None:
        headers = {"Authorization": f"Bearer {source.token}"}
        with httpx2.Client(base_url=source.base_url, headers=headers) as session:
            self._client = SyncSCIMClient(session)
            self._client.discover()
        self._user: Any = self._client.get_resource_model("User")
        self._group: Any = self._client.get_resource_model("Group")
        self.seen: Counter[str] = Counter()

    def faults(self, method: str, path: str, answer: Answer) -> list[str]:
        """What is wrong with an answer; `path` is under the base URL."""
        if answer.body is None:
            needs_none = answer.status in BODILESS or method == "HEAD"
            self.seen["no body"] += 1
            return [] if needs_none else [f"{answer.status} without a body"]
        if answer.status in BODILESS:
            return [f"{answer.status} with a body"]
        found = self._error_faults(answer) if answer.status >= 400 else self._document_faults(method, path, answer)
        return [f"{method} {path}: {fault}" for fault in found]

    def _error_faults(self, answer: Answer) -> list[str]:
        try:
            error = Error.model_validate(answer.body)
        except ValidationError as problem:
            return [str(problem)]
        self.seen["Error"] += 1
        faults = [] if error.status == answer.status else [f"status {error.status} in an answer with {answer.status}"]
        faults += [] if isinstance(answer.body["status"], str) else ["the error's status is no text"]
        faults += [] if error.detail else ["an error without a detail"]
        if error.scim_type is not None and error.scim_type not in SCIM_TYPES.get(answer.status, set()):
            faults.append(f"scimType {error.scim_type} with {answer.status}")
        return faults

    def _document_faults(self, method: str, path: str, answer: Answer) -> list[str]:
        expected, context = self._expected(method, path)
        try:
            read = self._client.check_response(
                answer.body,
                answer.status,
                httpx2.Headers(answer.headers),
                expected_types=expected,
                scim_ctx=context,
            )
        except (SCIMClientException, SCIMException, ValidationError) as problem:
            return [" ".join((str(problem), *getattr(problem, "__notes__", ())))]
        self.seen[type(read).__name__.partition("[")[0]] += 1
        return self._header_faults(method, answer)

    def _expected(self, method: str, path: str) -> tuple[list[Any], Context]:
        """The types that may come, and as what they come."""
        segments = [segment for segment in path.partition("?")[0].split("/") if segment]
        both = self._user | self._group
        match segments:
            case [name] if name in _DISCOVERY and name != "ServiceProviderConfig":
                return [_LIST[_DISCOVERY[name]]], Context.RESOURCE_QUERY_RESPONSE
            case [name, *_] if name in _DISCOVERY:
                return [_DISCOVERY[name]], Context.RESOURCE_QUERY_RESPONSE
            case ["Bulk"]:
                return [_BULK[both]], Context.BULK_RESPONSE
            case []:
                return [_LIST[both]], Context.RESOURCE_QUERY_RESPONSE
            case [".search"]:
                return [_LIST[both]], Context.SEARCH_RESPONSE
        own = self._user if segments[0] == "Users" else self._group
        if segments[1:] == [".search"]:
            return [_LIST[own]], Context.SEARCH_RESPONSE
        if not segments[1:] and method == "GET":
            return [_LIST[own]], Context.RESOURCE_QUERY_RESPONSE
        return [own], _CONTEXTS.get(method, Context.RESOURCE_QUERY_RESPONSE)

    @staticmethod
    def _header_faults(method: str, answer: Answer) -> list[str]:
        meta: Mapping[str, str] = answer.body.get("meta", {})
        faults = []
        if answer.status == 201 and answer.headers.get("location") is None:
            faults.append("201 without Location")
        for header, member in (("location", "location"), ("content-location", "location"), ("etag", "version")):
            if header in answer.headers and member in meta and answer.headers[header] != meta[member]:
                faults.append(f"{header} is {answer.headers[header]}, meta.{member} {meta[member]}")
        return faults
