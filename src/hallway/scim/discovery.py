"""What a server says of itself: configuration, resource types, schemas (RFC 7643 §5, §6, §7; RFC 7644 §4)."""

from collections.abc import Iterable
from dataclasses import dataclass

import orjson

from hallway.scim.json import Json, JsonObject
from hallway.scim.messages import Paging, list_response
from hallway.scim.schema import Attribute, AttributeType, ResourceType, Schema
from hallway.scim.security_events import EVENT_URIS
from hallway.scim.standard_service import RESOURCE_TYPE, SCHEMA, SERVICE_PROVIDER_CONFIG


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may ask for; `documentation_uri` is where people read about it."""

    max_operations: int
    max_payload_bytes: int
    default_page_size: int
    max_page_size: int
    documentation_uri: str | None = None


def service_provider_config(limits: Limits, base: str, tells_events: bool = False) -> JsonObject:
    """The configuration (RFC 7643 §5, RFC 9865 §4, RFC 9967 §4). `base` is the base URL without a slash at its end.

    Cursors hold all that they need, so there is no `cursorTimeout`. `tells_events`: whether somebody has a stream of
    the directory; where nobody has, `securityEvents` is left out: some clients refuse what is newer than they are.
    """
    document: JsonObject = {"schemas": [SERVICE_PROVIDER_CONFIG.id]}
    events: JsonObject = (
        {"securityEvents": {"asyncRequest": "none", "eventUris": [*EVENT_URIS]}} if tells_events else {}
    )
    if limits.documentation_uri is not None:
        document["documentationUri"] = limits.documentation_uri
    return {
        **document,
        "patch": {"supported": True},
        "bulk": {
            "supported": True,
            "maxOperations": limits.max_operations,
            "maxPayloadSize": limits.max_payload_bytes,
        },
        "filter": {"supported": True, "maxResults": limits.max_page_size},
        "changePassword": {"supported": False},
        "sort": {"supported": True},
        "etag": {"supported": True},
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "Bearer token",
                "description": "The token of a directory, sent as Authorization: Bearer.",
                "specUri": "https://www.rfc-editor.org/info/rfc6750",
                "primary": True,
            }
        ],
        "pagination": {
            "cursor": True,
            "index": True,
            "defaultPaginationMethod": "index",
            "defaultPageSize": limits.default_page_size,
            "maxPageSize": limits.max_page_size,
        },
        **events,
        "meta": _meta("ServiceProviderConfig", f"{base}/ServiceProviderConfig"),
    }


def resource_type_document(resource_type: ResourceType, base: str) -> JsonObject:
    """A resource type as `/ResourceTypes/{name}` answers it."""
    extensions: list[Json] = [{"schema": e.schema.id, "required": e.required} for e in resource_type.extensions]
    return {
        "schemas": [RESOURCE_TYPE.id],
        "id": resource_type.name,
        "name": resource_type.name,
        "description": resource_type.description,
        "endpoint": resource_type.endpoint,
        "schema": resource_type.schema.id,
        "schemaExtensions": extensions,
        "meta": _meta("ResourceType", f"{base}/ResourceTypes/{resource_type.name}"),
    }


def schema_document(schema: Schema, base: str) -> JsonObject:
    """A schema as `/Schemas/{urn}` answers it."""
    return {
        "schemas": [SCHEMA.id],
        "id": schema.id,
        "name": schema.name,
        "description": schema.description,
        "attributes": [_attribute(attribute) for attribute in schema.attributes],
        "meta": _meta("Schema", f"{base}/Schemas/{schema.id}"),
    }


def all_documents(documents: Iterable[JsonObject]) -> bytes:
    """The ListResponse of all of them on one page (RFC 7644 §4)."""
    encoded = [orjson.dumps(document) for document in documents]
    return list_response(encoded, Paging(total=len(encoded), start_index=1))


def _attribute(attribute: Attribute) -> JsonObject:
    document: JsonObject = {
        "name": attribute.name,
        "type": attribute.type.value,
        "multiValued": attribute.multi_valued,
        "description": attribute.description,
        "required": attribute.required,
    }
    if attribute.canonical_values:
        document["canonicalValues"] = list(attribute.canonical_values)
    if attribute.type is not AttributeType.COMPLEX:
        document["caseExact"] = attribute.case_exact
    document["mutability"] = attribute.mutability.value
    document["returned"] = attribute.returned.value
    document["uniqueness"] = attribute.uniqueness.value
    if attribute.reference_types:
        document["referenceTypes"] = list(attribute.reference_types)
    if attribute.sub_attributes:
        document["subAttributes"] = [_attribute(sub) for sub in attribute.sub_attributes]
    return document


def _meta(resource_type: str, location: str) -> JsonObject:
    return {"resourceType": resource_type, "location": location}
