"""Small resource types that have one attribute of every sort, for tests of paths, filters and patches."""

from hallway.scim.json import Json, JsonObject
from hallway.scim.quirks import Quirk, Tolerance
from hallway.scim.schema import (
    Attribute,
    AttributeType,
    Extension,
    Mutability,
    ResourceType,
    Returned,
    Schema,
)

USER_URN = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_URN = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE_URN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
OTHER_URN = "http://schemas.example.com/2026/Badge"

_RO = Mutability.READ_ONLY
_COMPLEX = AttributeType.COMPLEX


def plural(name: str, value: AttributeType = AttributeType.STRING) -> Attribute:
    """A multi-valued attribute with RFC 7643 §2.4's usual sub-attributes."""
    subs = (
        Attribute("value", value),
        Attribute("display"),
        Attribute("type"),
        Attribute("primary", AttributeType.BOOLEAN),
    )
    return Attribute(name, _COMPLEX, multi_valued=True, sub_attributes=subs)


USER = Schema(
    USER_URN,
    "User",
    "",
    (
        Attribute("userName", required=True),
        Attribute(
            "name",
            _COMPLEX,
            sub_attributes=(Attribute("formatted"), Attribute("familyName"), Attribute("givenName")),
        ),
        Attribute("displayName"),
        Attribute("profileUrl", AttributeType.REFERENCE),
        Attribute("title"),
        Attribute("active", AttributeType.BOOLEAN),
        Attribute("password", mutability=Mutability.WRITE_ONLY, returned=Returned.NEVER),
        plural("emails"),
        plural("roles"),
        plural("x509Certificates", AttributeType.BINARY),
        Attribute(
            "addresses",
            _COMPLEX,
            multi_valued=True,
            sub_attributes=(Attribute("locality"), Attribute("type"), Attribute("lines", multi_valued=True)),
        ),
        Attribute(
            "groups",
            _COMPLEX,
            multi_valued=True,
            mutability=_RO,
            sub_attributes=(Attribute("value", mutability=_RO), Attribute("display", mutability=_RO)),
        ),
        Attribute("born", AttributeType.DATE_TIME),
        Attribute("shoeSize", AttributeType.INTEGER),
        Attribute("height", AttributeType.DECIMAL),
        Attribute("tags", multi_valued=True),
        Attribute("codes", multi_valued=True, mutability=Mutability.IMMUTABLE),
        Attribute("birthPlace", mutability=Mutability.IMMUTABLE),
        Attribute(
            "seat",
            _COMPLEX,
            sub_attributes=(
                Attribute("floor", AttributeType.INTEGER, required=True),
                Attribute("desk", mutability=Mutability.IMMUTABLE),
                Attribute("plan", mutability=_RO),
            ),
        ),
        Attribute(
            "keys",
            _COMPLEX,
            multi_valued=True,
            sub_attributes=(
                Attribute("value", mutability=Mutability.IMMUTABLE, required=True, case_exact=True),
                Attribute("label"),
                Attribute("checked", mutability=_RO),
                Attribute("secret", returned=Returned.NEVER),
            ),
        ),
    ),
)

ENTERPRISE = Schema(
    ENTERPRISE_URN,
    "EnterpriseUser",
    "",
    (
        Attribute("employeeNumber"),
        Attribute("department"),
        Attribute(
            "manager",
            _COMPLEX,
            sub_attributes=(
                Attribute("value", case_exact=True),
                Attribute("$ref", AttributeType.REFERENCE, case_exact=True),
                Attribute("displayName", mutability=_RO),
            ),
        ),
    ),
)

BADGE = Schema(
    OTHER_URN,
    "Badge",
    "",
    (
        Attribute("number", required=True),
        Attribute("colour"),
        Attribute("department"),
        Attribute("printed", AttributeType.DATE_TIME, mutability=_RO),
        Attribute("serial", mutability=Mutability.IMMUTABLE),
        Attribute("doors", _COMPLEX, multi_valued=True, sub_attributes=(Attribute("value", required=True),)),
    ),
)

GROUP = Schema(
    GROUP_URN,
    "Group",
    "",
    (
        Attribute("displayName", required=True),
        Attribute(
            "members",
            _COMPLEX,
            multi_valued=True,
            sub_attributes=(
                Attribute("value", case_exact=True, mutability=Mutability.IMMUTABLE),
                Attribute("$ref", AttributeType.REFERENCE, case_exact=True, mutability=Mutability.IMMUTABLE),
                Attribute("type", mutability=Mutability.IMMUTABLE),
                Attribute("display", mutability=_RO),
            ),
        ),
    ),
)

USERS = ResourceType("User", "/Users", "", USER, (Extension(ENTERPRISE), Extension(BADGE)))
GROUPS = ResourceType("Group", "/Groups", "", GROUP)


def tolerant() -> Tolerance:
    """A directory that tolerates every quirk."""
    return Tolerance()


def strict() -> Tolerance:
    """A directory that tolerates none."""
    return Tolerance(strict=True)


def ada() -> JsonObject:
    """A user with something in most attributes."""
    emails: list[Json] = [
        {"value": "ada@work.example", "type": "work", "primary": True},
        {"value": "Ada@home.example", "type": "home"},
    ]
    return {
        "schemas": [USER_URN, ENTERPRISE_URN],
        "id": "usr_1",
        "externalId": "Ext-1",
        "userName": "Ada@Example.com",
        "name": {"familyName": "Lovelace", "givenName": "Ada"},
        "active": True,
        "emails": emails,
        "groups": [{"value": "grp_1", "display": "Makers"}],
        "born": "1815-12-10T12:00:00+01:00",
        "shoeSize": 38,
        "height": 1.65,
        "tags": ["Maths", "poetry"],
        ENTERPRISE_URN: {
            "employeeNumber": "E7",
            "manager": {"value": "usr_2", "$ref": "../Users/usr_2", "displayName": "Bob"},
        },
        "meta": {
            "resourceType": "User",
            "created": "2026-01-01T00:00:00Z",
            "lastModified": "2026-02-01T00:00:00.5Z",
            "location": "https://example.com/scim/v2/Users/usr_1",
            "version": 'W/"1"',
        },
    }


def met(tolerance: Tolerance) -> set[Quirk]:
    """The quirks that were noted."""
    return tolerance.met
