"""SCIM's discovery documents, readable before log-in (RFC 7644 §4)."""

from collections.abc import Awaitable, Callable, Sequence

import orjson

from hallway.hub.directories.model import Directory, Kind
from hallway.ids import DIRECTORY, DirectoryId, parsed
from hallway.scim.discovery import Limits, resource_type_document, schema_document, service_provider_config
from hallway.scim.json import JsonObject
from hallway.scim.messages import Paging, list_response
from hallway.scim.problem import ScimProblem
from hallway.scim.schema import ResourceType, Schema
from hallway.scim.standard import SERVICE_SCHEMAS
from hallway.web.guards import own_path
from hallway.web.http import Request, Response
from hallway.web.routing import Handler
from hallway.web.scim_door import ScimDoor, content_type


class ScimDiscovery:
    """The handlers; what they show is what the directory has switched on."""

    def __init__(self, door: ScimDoor, tells_events: Callable[[Directory], Awaitable[bool]]) -> None:
        self._door = door
        self._tells_events = tells_events
        settings = door.settings
        self._limits = Limits(
            settings.bulk_max_operations,
            settings.bulk_max_payload_bytes,
            settings.page_size_default,
            settings.page_size_max,
        )

    def handlers(self) -> dict[str, Handler]:
        """By the names of the route table."""
        return {
            "service_provider_config": self._config,
            "resource_types": self._types,
            "resource_type": self._type,
            "schemas": self._schemas,
            "schema": self._schema,
        }

    async def _config(self, request: Request) -> Response:
        directory, base = await self._directory(request)
        told = await self._tells_events(directory)
        return _answer(request, service_provider_config(self._limits, base, told))

    async def _types(self, request: Request) -> Response:
        directory, base = await self._directory(request)
        return _all(request, [resource_type_document(one, base) for one in self._of(directory)])

    async def _type(self, request: Request) -> Response:
        directory, base = await self._directory(request)
        for one in self._of(directory):
            if one.name == request.params["id"]:
                return _answer(request, resource_type_document(one, base))
        raise ScimProblem(404, "There is no resource type of this name.")

    async def _schemas(self, request: Request) -> Response:
        directory, base = await self._directory(request)
        return _all(request, [schema_document(one, base) for one in self._schemas_of(directory)])

    async def _schema(self, request: Request) -> Response:
        directory, base = await self._directory(request)
        for one in self._schemas_of(directory):
            if one.id.lower() == request.params["id"].lower():
                return _answer(request, schema_document(one, base))
        raise ScimProblem(404, "There is no schema of this URN in this directory.")

    def _of(self, directory: Directory) -> Sequence[ResourceType]:
        types = self._door.catalogue.types(directory)
        return [types[Kind.USER], types[Kind.GROUP]]

    def _schemas_of(self, directory: Directory) -> Sequence[Schema]:
        own = [schema for one in self._of(directory) for schema in one.schemas.values()]
        return [*own, *SERVICE_SCHEMAS]

    async def _directory(self, request: Request) -> tuple[Directory, str]:
        if any(name.lower() == "filter" for name, _ in request.pairs()):
            raise ScimProblem(403, "Discovery documents cannot be filtered (RFC 7644 §4).")
        found = parsed(DIRECTORY, request.params.get("directory", ""))
        if found is None:
            # An address of another product's making: the token says which directory it is.
            unlocked = await self._door.unlock(request)
            return unlocked.directory, unlocked.base.decode()
        directory = await self._door.desk.directories.located(DirectoryId(found))
        if directory is None:
            raise ScimProblem(404, "There is no directory at this address.")
        return directory, self._door.settings.scim_base_url + own_path(directory)


def _answer(request: Request, document: JsonObject) -> Response:
    return Response(200, orjson.dumps(document), (content_type(request),))


def _all(request: Request, documents: Sequence[JsonObject]) -> Response:
    body = list_response([orjson.dumps(one) for one in documents], Paging(len(documents), 1))
    return Response(200, body, (content_type(request),))
