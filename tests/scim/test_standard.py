"""The schemas of the standard (RFC 7643 §4, §8.7)."""

import pytest

from hallway.scim.path import AttributePath, attribute_path
from hallway.scim.quirks import Tolerance
from hallway.scim.schema import Attribute, AttributeType, Extension, Mutability, Returned, Schema, Uniqueness
from hallway.scim.standard import (
    ENTERPRISE_USER,
    GROUP_SCHEMA,
    SERVICE_SCHEMAS,
    STANDARD_SCHEMAS,
    USER_SCHEMA,
    group_type,
    user_type,
)

URN = "urn:ietf:params:scim:schemas:"
USERS, GROUPS = user_type(), group_type()


def at(text: str) -> Attribute:
    """An attribute of users, or of groups by `Group:`."""
    found = attribute_path(text, GROUPS if text.startswith(f"{URN}core:2.0:Group") else USERS, Tolerance(strict=True))
    assert isinstance(found, AttributePath)
    return found.leaf


def every(attributes: tuple[Attribute, ...]) -> list[Attribute]:
    return [inner for attribute in attributes for inner in (attribute, *every(attribute.sub_attributes))]


def test_attributes_are_those_of_section_8_7() -> None:
    assert " ".join(attribute.name for attribute in USER_SCHEMA.attributes) == (
        "userName name displayName nickName profileUrl title userType preferredLanguage locale timezone active "
        "password emails phoneNumbers ims photos addresses groups entitlements roles x509Certificates"
    )
    assert " ".join(at("name").subs) == "formatted familyname givenname middlename honorificprefix honorificsuffix"
    assert " ".join(attribute.name for attribute in ENTERPRISE_USER.attributes) == (
        "employeeNumber costCenter organization division department manager"
    )
    assert [attribute.name for attribute in GROUP_SCHEMA.attributes] == ["displayName", "members"]


PLURALS = ("emails", "phoneNumbers", "ims", "photos", "entitlements", "roles", "x509Certificates")


@pytest.mark.parametrize("name", PLURALS)
def test_plural_attributes_have_the_usual_sub_attributes(name: str) -> None:
    attribute = at(name)
    assert attribute.multi_valued
    assert [sub.name for sub in attribute.sub_attributes] == ["value", "display", "type", "primary"]
    assert attribute.subs["primary"].type is AttributeType.BOOLEAN


def test_addresses_have_primary_as_in_section_8_2() -> None:
    assert at("addresses").subs["primary"].type is AttributeType.BOOLEAN
    assert at("addresses.type").canonical_values == ("work", "home", "other")


def test_user_name_is_required_and_unique_without_case() -> None:
    name = at("userName")
    assert (name.required, name.case_exact, name.uniqueness) == (True, False, Uniqueness.SERVER)


def test_password_is_never_returned() -> None:
    assert (at("password").mutability, at("password").returned) == (Mutability.WRITE_ONLY, Returned.NEVER)


def test_groups_of_a_user_are_read_only_in_all_parts() -> None:
    assert {attribute.mutability for attribute in every((at("groups"),))} == {Mutability.READ_ONLY}
    assert at("groups.type").canonical_values == ("direct", "indirect")


def test_the_name_of_a_manager_is_read_only() -> None:
    manager = at(f"{ENTERPRISE_USER.id}:manager")
    assert [(sub.name, sub.mutability) for sub in manager.sub_attributes] == [
        ("value", Mutability.READ_WRITE),
        ("$ref", Mutability.READ_WRITE),
        ("displayName", Mutability.READ_ONLY),
    ]


def test_a_member_is_added_and_removed_but_not_changed() -> None:
    members = at(f"{GROUP_SCHEMA.id}:members")
    assert members.mutability is Mutability.READ_WRITE
    assert [(sub.name, sub.mutability) for sub in members.sub_attributes] == [
        ("value", Mutability.IMMUTABLE),
        ("$ref", Mutability.IMMUTABLE),
        ("type", Mutability.IMMUTABLE),
        ("display", Mutability.READ_ONLY),
    ]
    assert at(f"{GROUP_SCHEMA.id}:displayName").required


@pytest.mark.parametrize("schema", STANDARD_SCHEMAS, ids=lambda schema: schema.name)
def test_references_and_binaries_are_case_exact_and_everything_is_described(schema: Schema) -> None:
    assert schema.id.startswith(URN)
    assert schema.description.endswith(".")
    for attribute in every(schema.attributes):
        if attribute.type in (AttributeType.REFERENCE, AttributeType.BINARY):
            assert attribute.case_exact, attribute.name
        assert bool(attribute.reference_types) is (attribute.type is AttributeType.REFERENCE), attribute.name
        assert bool(attribute.sub_attributes) is (attribute.type is AttributeType.COMPLEX), attribute.name
        assert attribute.description.endswith("."), attribute.name


@pytest.mark.parametrize("schema", SERVICE_SCHEMAS, ids=lambda schema: schema.name)
def test_what_discovery_answers_is_read_only(schema: Schema) -> None:
    assert {attribute.mutability for attribute in every(schema.attributes)} == {Mutability.READ_ONLY}


def test_resource_types_have_their_endpoint_and_extensions() -> None:
    badge = Extension(Schema("urn:example:badge", "Badge", "", (Attribute("number"),)), required=True)
    users, groups = user_type((badge,)), group_type((badge,))
    assert (users.name, users.endpoint, users.extensions) == ("User", "/Users", (Extension(ENTERPRISE_USER), badge))
    assert (groups.name, groups.endpoint, groups.extensions) == ("Group", "/Groups", (badge,))
    assert group_type().extensions == ()
