"""The resource types of the standard: User with the enterprise extension, and Group (RFC 7643 §4, §6)."""

from typing import Final

from hallway.scim.schema import Attribute, AttributeType, Extension, Mutability, ResourceType, Schema
from hallway.scim.standard_service import RESOURCE_TYPE, SCHEMA, SERVICE_PROVIDER_CONFIG
from hallway.scim.standard_user import ENTERPRISE_USER, USER_SCHEMA

__all__ = (
    "ENTERPRISE_USER",
    "GROUP_SCHEMA",
    "SERVICE_SCHEMAS",
    "STANDARD_SCHEMAS",
    "USER_SCHEMA",
    "group_type",
    "user_type",
)

_MEMBERS = Attribute(
    "members",
    AttributeType.COMPLEX,
    multi_valued=True,
    description="The members of the group. One is added and removed, never changed.",
    sub_attributes=(
        Attribute(
            "value",
            case_exact=True,
            mutability=Mutability.IMMUTABLE,
            description="The id of the member.",
        ),
        Attribute(
            "$ref",
            AttributeType.REFERENCE,
            case_exact=True,
            mutability=Mutability.IMMUTABLE,
            description="The URI of the member.",
            reference_types=("User", "Group"),
        ),
        Attribute(
            "type",
            mutability=Mutability.IMMUTABLE,
            description="Whether the member is a user or a group.",
            canonical_values=("User", "Group"),
        ),
        Attribute("display", mutability=Mutability.READ_ONLY, description="The name of the member."),
    ),
)

GROUP_SCHEMA: Final = Schema(
    "urn:ietf:params:scim:schemas:core:2.0:Group",
    "Group",
    "A group of users and groups.",
    (
        Attribute("displayName", required=True, description="The name of the group; never empty."),
        _MEMBERS,
    ),
)
"""`displayName` is required by the text (RFC 7643 §4.2), though not by §8.7.1."""

SERVICE_SCHEMAS: Final = (SERVICE_PROVIDER_CONFIG, RESOURCE_TYPE, SCHEMA)
"""The schemas of what discovery endpoints answer."""

STANDARD_SCHEMAS: Final = (USER_SCHEMA, ENTERPRISE_USER, GROUP_SCHEMA, *SERVICE_SCHEMAS)
"""Every schema that no deployment has to declare."""


def user_type(extensions: tuple[Extension, ...] = ()) -> ResourceType:
    """Users with the enterprise extension and those that a deployment declares."""
    return ResourceType("User", "/Users", "People's accounts.", USER_SCHEMA, (Extension(ENTERPRISE_USER), *extensions))


def group_type(extensions: tuple[Extension, ...] = ()) -> ResourceType:
    """Groups with the extensions that a deployment declares."""
    return ResourceType("Group", "/Groups", "Groups of users and groups.", GROUP_SCHEMA, extensions)
