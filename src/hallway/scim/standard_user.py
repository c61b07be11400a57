"""The User schema and its enterprise extension (RFC 7643 §4.1, §4.3, §8.7.1).

Rules: where §8.7.1 and the text differ, the text holds: references and binaries are case-exact (§2.3.6, §2.3.7),
and so is what holds an `id`; addresses have `primary` as in §8.2.
"""

from typing import Final

from hallway.scim.schema import Attribute, AttributeType, Mutability, Returned, Schema, Uniqueness

_RO: Final = Mutability.READ_ONLY
_BOOLEAN: Final = AttributeType.BOOLEAN
_COMPLEX: Final = AttributeType.COMPLEX
_REFERENCE: Final = AttributeType.REFERENCE


def _text(name: str, description: str) -> Attribute:
    return Attribute(name, description=description)


def _plural(
    name: str, description: str, of: str, value: AttributeType = AttributeType.STRING, types: tuple[str, ...] = ()
) -> Attribute:
    """A multi-valued attribute with the usual sub-attributes (RFC 7643 §2.4); `of` says what one value is."""
    text = value is AttributeType.STRING
    subs = (
        Attribute(
            "value",
            value,
            case_exact=not text,
            description=of,
            reference_types=("external",) if value is _REFERENCE else (),
        ),
        _text("display", "What to show people instead of the value."),
        Attribute("type", description="What the value is for.", canonical_values=types),
        Attribute("primary", _BOOLEAN, description="Whether this is the preferred value; at most one is."),
    )
    return Attribute(name, _COMPLEX, multi_valued=True, description=description, sub_attributes=subs)


_NAME = Attribute(
    "name",
    _COMPLEX,
    description="The parts of the person's name.",
    sub_attributes=(
        _text("formatted", "The whole name as it is to be shown, with all its parts."),
        _text("familyName", "The family name, or last name."),
        _text("givenName", "The given name, or first name."),
        _text("middleName", "Middle names."),
        _text("honorificPrefix", "What stands before the name, such as Dr."),
        _text("honorificSuffix", "What stands after the name, such as III."),
    ),
)

_ADDRESSES = Attribute(
    "addresses",
    _COMPLEX,
    multi_valued=True,
    description="Postal addresses.",
    sub_attributes=(
        _text("formatted", "The whole address as it is to be shown or printed; may have line breaks."),
        _text("streetAddress", "Street, house number, post office box; may have line breaks."),
        _text("locality", "City or town."),
        _text("region", "State, province or region."),
        _text("postalCode", "Postal code."),
        _text("country", "Country as an ISO 3166-1 alpha-2 code."),
        Attribute("type", description="What the address is for.", canonical_values=("work", "home", "other")),
        Attribute("primary", _BOOLEAN, description="Whether this is the preferred address; at most one is."),
    ),
)

_GROUPS = Attribute(
    "groups",
    _COMPLEX,
    multi_valued=True,
    mutability=_RO,
    description="The groups that the user is in, directly or through other groups. Change them at the group.",
    sub_attributes=(
        Attribute("value", case_exact=True, mutability=_RO, description="The id of the group."),
        Attribute(
            "$ref",
            _REFERENCE,
            case_exact=True,
            mutability=_RO,
            description="The URI of the group.",
            reference_types=("Group",),
        ),
        Attribute("display", mutability=_RO, description="The name of the group."),
        Attribute(
            "type",
            mutability=_RO,
            description="Whether the user is a member of the group itself or of a group in it.",
            canonical_values=("direct", "indirect"),
        ),
    ),
)

_PASSWORD = Attribute(
    "password",
    case_exact=True,
    mutability=Mutability.WRITE_ONLY,
    returned=Returned.NEVER,
    description="A password in clear text. This server discards it.",
)

_SINGLE = (
    Attribute(
        "userName",
        required=True,
        uniqueness=Uniqueness.SERVER,
        description="The name that the user signs in with; never empty, and unique whatever its case.",
    ),
    _NAME,
    _text("displayName", "The name that is shown to other people."),
    _text("nickName", "What the person is usually called."),
    Attribute(
        "profileUrl",
        _REFERENCE,
        case_exact=True,
        description="The address of a page about the person.",
        reference_types=("external",),
    ),
    _text("title", "The person's title, such as Vice President."),
    _text("userType", "How the person relates to the organization, such as Contractor or Employee."),
    _text("preferredLanguage", "Preferred languages, as in an Accept-Language header (RFC 9110 §12.5.4)."),
    _text("locale", "Where the person is, for formats of dates and numbers: a language tag (RFC 5646)."),
    _text("timezone", "Time zone by its name in the IANA database, such as Europe/Berlin."),
    Attribute("active", _BOOLEAN, description="Whether the user may use the application."),
    _PASSWORD,
)

_MULTI_VALUED = (
    _plural("emails", "E-mail addresses.", "An e-mail address.", types=("work", "home", "other")),
    _plural(
        "phoneNumbers",
        "Telephone numbers.",
        "A telephone number, best in the form of RFC 3966.",
        types=("work", "home", "mobile", "fax", "pager", "other"),
    ),
    _plural(
        "ims",
        "Instant messaging addresses.",
        "An instant messaging address.",
        types=("aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"),
    ),
    _plural("photos", "Pictures of the person.", "The URI of a picture.", _REFERENCE, ("photo", "thumbnail")),
    _ADDRESSES,
    _GROUPS,
    _plural("entitlements", "What the user is entitled to.", "An entitlement."),
    _plural("roles", "The roles that together say who the user is.", "A role."),
    _plural("x509Certificates", "Certificates of the user.", "A certificate in DER.", AttributeType.BINARY),
)

USER_SCHEMA: Final = Schema(
    "urn:ietf:params:scim:schemas:core:2.0:User",
    "User",
    "A person's account.",
    (*_SINGLE, *_MULTI_VALUED),
)

_MANAGER = Attribute(
    "manager",
    _COMPLEX,
    description="The person's manager.",
    sub_attributes=(
        Attribute("value", case_exact=True, description="The id of the manager's user."),
        Attribute(
            "$ref",
            _REFERENCE,
            case_exact=True,
            description="The URI of the manager's user.",
            reference_types=("User",),
        ),
        Attribute("displayName", mutability=_RO, description="The name of the manager."),
    ),
)

ENTERPRISE_USER: Final = Schema(
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    "EnterpriseUser",
    "What a company knows of a user.",
    (
        _text("employeeNumber", "Number or code that the organization gave to the person."),
        _text("costCenter", "Name of a cost center."),
        _text("organization", "Name of an organization."),
        _text("division", "Name of a division."),
        _text("department", "Name of a department."),
        _MANAGER,
    ),
)
