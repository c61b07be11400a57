"""The schemas of what discovery endpoints answer (RFC 7643 §5, §6, §7, §8.7.2; RFC 9865 §4).

Rules: everything in them is read-only. The sub-attributes of `attributes` are the one place where RFC 7643 has
complex attributes inside a complex one.
"""

from typing import Final

from hallway.scim.schema import Attribute, AttributeType, Mutability, Returned, Schema, Uniqueness

_COMPLEX: Final = AttributeType.COMPLEX
_URN: Final = "urn:ietf:params:scim:schemas:core:2.0:"


def _of(kind: AttributeType, name: str, description: str, *, required: bool = False) -> Attribute:
    return Attribute(
        name,
        kind,
        required=required,
        mutability=Mutability.READ_ONLY,
        returned=Returned.DEFAULT,
        description=description,
    )


def _text(name: str, description: str, *, required: bool = False) -> Attribute:
    return _of(AttributeType.STRING, name, description, required=required)


def _flag(name: str, description: str, *, required: bool = False) -> Attribute:
    return _of(AttributeType.BOOLEAN, name, description, required=required)


def _number(name: str, description: str, *, required: bool = False) -> Attribute:
    return _of(AttributeType.INTEGER, name, description, required=required)


def _reference(name: str, description: str, kind: str, *, required: bool = False) -> Attribute:
    return Attribute(
        name,
        AttributeType.REFERENCE,
        required=required,
        case_exact=True,
        mutability=Mutability.READ_ONLY,
        description=description,
        reference_types=(kind,),
    )


def _chosen(name: str, description: str, values: tuple[str, ...], *, many: bool = False) -> Attribute:
    return Attribute(
        name,
        multi_valued=many,
        mutability=Mutability.READ_ONLY,
        description=description,
        canonical_values=values,
    )


def _complex(name: str, description: str, subs: tuple[Attribute, ...], *, required: bool = True) -> Attribute:
    return Attribute(
        name,
        _COMPLEX,
        required=required,
        mutability=Mutability.READ_ONLY,
        description=description,
        sub_attributes=subs,
    )


def _array(name: str, description: str, subs: tuple[Attribute, ...], *, required: bool) -> Attribute:
    return Attribute(
        name,
        _COMPLEX,
        multi_valued=True,
        required=required,
        mutability=Mutability.READ_ONLY,
        description=description,
        sub_attributes=subs,
    )


_SUPPORTED: Final = _flag("supported", "Whether it is supported.", required=True)

_AUTHENTICATION: Final = (
    _chosen("type", "The scheme.", ("oauth", "oauth2", "oauthbearertoken", "httpbasic", "httpdigest")),
    _text("name", "The scheme's common name.", required=True),
    _text("description", "The scheme in a sentence.", required=True),
    _reference("specUri", "Where the scheme is specified.", "external"),
    _reference("documentationUri", "Where the scheme's use here is explained.", "external"),
    _flag("primary", "Whether this is the preferred scheme."),
)

_PAGINATION: Final = (
    _flag("cursor", "Whether pages can be walked by cursor.", required=True),
    _flag("index", "Whether pages can be walked by index.", required=True),
    _chosen("defaultPaginationMethod", "The method where a request asks for none.", ("cursor", "index")),
    _number("defaultPageSize", "How many resources a page has where `count` is not given."),
    _number("maxPageSize", "How many resources a page has at most."),
    _number("cursorTimeout", "For how many seconds a cursor is valid at least."),
)

_SECURITY_EVENTS: Final = (
    _chosen("asyncRequest", "Whether requests can be answered by an event.", ("none", "long", "request")),
    Attribute(
        "eventUris",
        multi_valued=True,
        case_exact=True,
        mutability=Mutability.READ_ONLY,
        description="The events that are told.",
    ),
)

SERVICE_PROVIDER_CONFIG: Final = Schema(
    f"{_URN}ServiceProviderConfig",
    "Service Provider Configuration",
    "What this server supports.",
    (
        _reference("documentationUri", "Where the server is documented.", "external"),
        _complex("patch", "PATCH.", (_SUPPORTED,)),
        _complex(
            "bulk",
            "Bulk requests.",
            (
                _SUPPORTED,
                _number("maxOperations", "How many operations one request has at most.", required=True),
                _number("maxPayloadSize", "How many bytes one request has at most.", required=True),
            ),
        ),
        _complex(
            "filter",
            "Filters.",
            (_SUPPORTED, _number("maxResults", "How many resources one answer has at most.", required=True)),
        ),
        _complex("changePassword", "Changing a password.", (_SUPPORTED,)),
        _complex("sort", "Sorting.", (_SUPPORTED,)),
        _complex("etag", "ETags.", (_SUPPORTED,)),
        _array("authenticationSchemes", "How a client shows who it is.", _AUTHENTICATION, required=True),
        _complex("pagination", "Pages (RFC 9865).", _PAGINATION, required=False),
        _complex("securityEvents", "Security events (RFC 9967).", _SECURITY_EVENTS, required=False),
    ),
)

RESOURCE_TYPE: Final = Schema(
    f"{_URN}ResourceType",
    "ResourceType",
    "What may live at one endpoint.",
    (
        _text("id", "The resource type's id; often its name."),
        _text("name", "The resource type's name, as in `meta.resourceType`.", required=True),
        _text("description", "The resource type in a sentence."),
        _reference("endpoint", "The endpoint's address relative to the base URL.", "uri", required=True),
        _reference("schema", "The URI of the core schema.", "uri", required=True),
        _array(
            "schemaExtensions",
            "The extensions of the resource type.",
            (
                _reference("schema", "The URI of the extension's schema.", "uri", required=True),
                _flag("required", "Whether every resource must have the extension.", required=True),
            ),
            required=False,
        ),
    ),
)

_CHARACTERISTICS: Final = (
    Attribute(
        "name",
        required=True,
        case_exact=True,
        mutability=Mutability.READ_ONLY,
        description="The attribute's name.",
    ),
    Attribute(
        "type",
        required=True,
        mutability=Mutability.READ_ONLY,
        description="What its values are.",
        canonical_values=tuple(kind.value for kind in AttributeType),
    ),
    _flag("multiValued", "Whether it has many values.", required=True),
    _text("description", "The attribute in a sentence."),
    _flag("required", "Whether every resource has it."),
    Attribute(
        "canonicalValues",
        multi_valued=True,
        case_exact=True,
        mutability=Mutability.READ_ONLY,
        description="Values that are suggested.",
    ),
    _flag("caseExact", "Whether upper and lower case differ."),
    _chosen("mutability", "Whether and when a client may set it.", tuple(kind.value for kind in Mutability)),
    _chosen("returned", "When it is in an answer.", tuple(kind.value for kind in Returned)),
    _chosen("uniqueness", "Among what its values are unique.", tuple(kind.value for kind in Uniqueness)),
    Attribute(
        "referenceTypes",
        multi_valued=True,
        case_exact=True,
        mutability=Mutability.READ_ONLY,
        description="What a reference may refer to.",
    ),
)

SCHEMA: Final = Schema(
    f"{_URN}Schema",
    "Schema",
    "The attributes of resources or of an extension.",
    (
        _text("id", "The schema's URI.", required=True),
        _text("name", "The schema's name."),
        _text("description", "The schema in a sentence."),
        _array(
            "attributes",
            "The schema's attributes.",
            (
                *_CHARACTERISTICS,
                _array("subAttributes", "The attributes inside a complex one.", _CHARACTERISTICS, required=False),
            ),
            required=True,
        ),
    ),
)
