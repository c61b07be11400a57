"""What a server says of itself (RFC 7643 §5, §6, §7, §8.7; RFC 9865 §4)."""

import json

import pytest

from hallway.scim.discovery import (
    Limits,
    all_documents,
    resource_type_document,
    schema_document,
    service_provider_config,
)
from hallway.scim.json import Json, JsonObject
from hallway.scim.path import AttributePath, attribute_path
from hallway.scim.schema import (
    Attribute,
    AttributeType,
    Extension,
    Mutability,
    ResourceType,
    Returned,
    Schema,
    Uniqueness,
)
from hallway.scim.standard import SERVICE_SCHEMAS, STANDARD_SCHEMAS, group_type, user_type
from tests.scim.small import strict

BASE = "https://hub.example/scim/v2"
LIMITS = Limits(max_operations=100, max_payload_bytes=1_000_000, default_page_size=50, max_page_size=200)
SERVICE_PROVIDER_CONFIG, RESOURCE_TYPE, SCHEMA = SERVICE_SCHEMAS


def described(schema: Schema, document: JsonObject) -> None:
    """Everything in the document is declared by its schema, and what is required is there."""
    kind = ResourceType(schema.name, "/", "", schema)
    for name, value in document.items():
        found = attribute_path(name, kind, strict())
        assert isinstance(found, AttributePath), name
        as_declared(found.attribute, value)
    assert {a.name for a in schema.attributes if a.required} <= document.keys()


def as_declared(attribute: Attribute, value: Json) -> None:
    assert isinstance(value, list) is attribute.multi_valued, attribute.name
    for element in value if isinstance(value, list) else [value]:
        if attribute.name in ("attributes", "subAttributes"):
            continue
        assert isinstance(element, dict) is (attribute.type is AttributeType.COMPLEX), attribute.name
        if isinstance(element, dict):
            assert element.keys() <= {sub.name for sub in attribute.sub_attributes}
            assert {sub.name for sub in attribute.sub_attributes if sub.required} <= element.keys()


class TestServiceProviderConfig:
    def test_it_says_what_is_supported_and_the_limits(self) -> None:
        document = service_provider_config(LIMITS, BASE)
        described(SERVICE_PROVIDER_CONFIG, document)
        assert document["bulk"] == {"supported": True, "maxOperations": 100, "maxPayloadSize": 1_000_000}
        assert document["filter"] == {"supported": True, "maxResults": 200}
        assert document["changePassword"] == {"supported": False}
        for name in ("patch", "sort", "etag"):
            assert document[name] == {"supported": True}
        assert document["meta"] == {
            "resourceType": "ServiceProviderConfig",
            "location": f"{BASE}/ServiceProviderConfig",
        }

    def test_pages_are_walked_by_index_unless_a_cursor_is_asked_for(self) -> None:
        assert service_provider_config(LIMITS, BASE)["pagination"] == {
            "cursor": True,
            "index": True,
            "defaultPaginationMethod": "index",
            "defaultPageSize": 50,
            "maxPageSize": 200,
        }

    def test_it_says_where_it_is_documented_if_it_is(self) -> None:
        assert "documentationUri" not in service_provider_config(LIMITS, BASE)
        documented = Limits(1, 1, 1, 1, "https://docs.example")
        assert service_provider_config(documented, BASE)["documentationUri"] == "https://docs.example"


class TestResourceTypes:
    @pytest.mark.parametrize("kind", [user_type(), group_type()], ids=lambda kind: kind.name)
    def test_each_says_where_it_lives(self, kind: ResourceType) -> None:
        document = resource_type_document(kind, BASE)
        described(RESOURCE_TYPE, document)
        assert (document["id"], document["name"], document["endpoint"]) == (kind.name, kind.name, kind.endpoint)
        assert document["schema"] == kind.schema.id
        assert document["meta"] == {"resourceType": "ResourceType", "location": f"{BASE}/ResourceTypes/{kind.name}"}

    def test_extensions_are_those_of_the_directory(self) -> None:
        badge = Extension(Schema("urn:example:badge", "Badge", "", ()), required=True)
        extensions = resource_type_document(group_type((badge,)), BASE)["schemaExtensions"]
        assert extensions == [{"schema": "urn:example:badge", "required": True}]
        assert resource_type_document(group_type(), BASE)["schemaExtensions"] == []


class TestSchemas:
    @pytest.mark.parametrize("schema", STANDARD_SCHEMAS, ids=lambda schema: schema.name)
    def test_each_describes_all_of_its_attributes(self, schema: Schema) -> None:
        document = schema_document(schema, BASE)
        described(SCHEMA, document)
        assert document["id"] == schema.id
        assert document["meta"] == {"resourceType": "Schema", "location": f"{BASE}/Schemas/{schema.id}"}
        assert isinstance(document["attributes"], list)
        assert tuple(read(attribute) for attribute in document["attributes"]) == schema.attributes

    def test_an_attribute_has_the_characteristics_that_its_type_has(self) -> None:
        plain = Attribute("plain", canonical_values=("a", "b"), description="Plain.")
        link = Attribute("link", AttributeType.REFERENCE, reference_types=("User",), case_exact=True)
        whole = Attribute("whole", AttributeType.COMPLEX, multi_valued=True, sub_attributes=(link,))
        common = {"mutability": "readWrite", "returned": "default", "uniqueness": "none", "required": False}
        assert schema_document(Schema("urn:example:x", "X", "", (plain, whole)), BASE)["attributes"] == [
            {
                **common,
                "name": "plain",
                "type": "string",
                "multiValued": False,
                "description": "Plain.",
                "canonicalValues": ["a", "b"],
                "caseExact": False,
            },
            {
                **common,
                "name": "whole",
                "type": "complex",
                "multiValued": True,
                "description": "",
                "subAttributes": [
                    {
                        **common,
                        "name": "link",
                        "type": "reference",
                        "multiValued": False,
                        "description": "",
                        "caseExact": True,
                        "referenceTypes": ["User"],
                    }
                ],
            },
        ]


def read(document: Json) -> Attribute:
    """The attribute that a document describes, read with nothing but RFC 7643 §7 in mind."""
    assert isinstance(document, dict)
    return Attribute(
        name=str(document["name"]),
        type=AttributeType(document["type"]),
        multi_valued=document["multiValued"] is True,
        required=document["required"] is True,
        case_exact=document.get("caseExact", False) is True,
        mutability=Mutability(document["mutability"]),
        returned=Returned(document["returned"]),
        uniqueness=Uniqueness(document["uniqueness"]),
        description=str(document["description"]),
        canonical_values=texts(document.get("canonicalValues", [])),
        reference_types=texts(document.get("referenceTypes", [])),
        sub_attributes=tuple(read(sub) for sub in elements(document.get("subAttributes", []))),
    )


def elements(value: Json) -> list[Json]:
    assert isinstance(value, list)
    return value


def texts(value: Json) -> tuple[str, ...]:
    return tuple(str(element) for element in elements(value))


def test_all_of_them_are_on_one_page() -> None:
    documents = [schema_document(schema, BASE) for schema in STANDARD_SCHEMAS]
    assert json.loads(all_documents(documents)) == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": len(STANDARD_SCHEMAS),
        "startIndex": 1,
        "itemsPerPage": len(STANDARD_SCHEMAS),
        "Resources": documents,
    }
