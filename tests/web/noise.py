"""What the fuzz of the HTTP door sends: sound messages of SCIM, and what can be wrong with them."""

import copy
import json
from typing import Any, Final
from urllib.parse import quote

from hypothesis import strategies as st

from hallway.scim.bulk_messages import BULK_REQUEST
from hallway.scim.patch_operations import PATCH_OP
from hallway.scim.search_request import SEARCH_REQUEST
from hallway.scim.standard import ENTERPRISE_USER, GROUP_SCHEMA, USER_SCHEMA

Draw = Any

# --- sound ------------------------------------------------------------------------------------------------

TEXTS: Final = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=12)
_INSTANTS: Final = st.sampled_from(("2011-05-13T04:42:34Z", "2026-01-01T00:00:00.5+02:00", "1970-01-01T00:00:00Z"))
_COMMON_PATHS: Final = ("displayName", "externalId", "id", "ID", "meta.resourceType", "meta.version")
_PATHS: Final = {
    "Users": (
        *_COMMON_PATHS, "userName", "NAME.familyName", "emails", "emails.value", "title", f"{USER_SCHEMA.id}:userName",
        f"{ENTERPRISE_USER.id}:department", f"{ENTERPRISE_USER.id}:manager.value", "groups.value", "addresses.locality",
    ),
    "Groups": (*_COMMON_PATHS, "members", "members.value", "members.display", f"{GROUP_SCHEMA.id}:members.type"),
}  # fmt: skip
_NAMES: Final = (*_PATHS["Users"], *_PATHS["Groups"], "active", "meta", "name", ENTERPRISE_USER.id, "groups", "members")
_OPERATORS: Final = ("eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "EQ")


@st.composite
def user(draw: Draw, name: str) -> dict[str, Any]:
    """A user of this name."""
    optional = {
        "externalId": TEXTS,
        "displayName": TEXTS,
        "title": TEXTS,
        "active": st.booleans(),
        "name": st.fixed_dictionaries({"familyName": TEXTS}, optional={"givenName": TEXTS}),
        "emails": st.lists(st.fixed_dictionaries({"value": TEXTS}, optional={"type": TEXTS}), max_size=2),
        "roles": st.lists(st.fixed_dictionaries({"value": TEXTS}), max_size=2),
        "password": TEXTS,
        ENTERPRISE_USER.id: st.fixed_dictionaries({}, optional={"department": TEXTS, "costCenter": TEXTS}),
        "meta": st.just({"resourceType": "User"}),
        "id": TEXTS,
    }
    fixed = st.fixed_dictionaries({"schemas": st.just([USER_SCHEMA.id]), "userName": st.just(name)}, optional=optional)
    drawn: dict[str, Any] = draw(fixed)
    return drawn


@st.composite
def group(draw: Draw, name: str, members: list[str]) -> dict[str, Any]:
    """A group of this name with some of these members."""
    chosen = draw(st.lists(st.sampled_from(members), max_size=3, unique=True)) if members else []
    return {
        "schemas": [GROUP_SCHEMA.id],
        "displayName": name,
        "members": [{"value": one} for one in chosen],
        **draw(st.fixed_dictionaries({}, optional={"externalId": TEXTS})),
    }


def user_operations(members: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """An operation of a PATCH of a user."""
    added = st.sampled_from(("add", "replace", "Add", "Replace"))
    return st.one_of(
        _operation(added, "active", st.booleans() | st.sampled_from(("True", "False"))),
        _operation(added, "name.givenName", TEXTS),
        _operation(added, "displayName", TEXTS),
        _operation(added, "emails", st.just([{"value": "a@example.com", "type": "work", "primary": True}])),
        _operation(added, 'emails[type eq "work"].value', TEXTS),
        _operation(added, f"{ENTERPRISE_USER.id}:department", TEXTS),
        _operation(added, f"{ENTERPRISE_USER.id}:manager", st.sampled_from(members).map(lambda one: {"value": one})),
        _operation(
            added, None, st.fixed_dictionaries({"title": TEXTS, "name.familyName": TEXTS, "active": st.booleans()})
        ),
        st.sampled_from(("title", "emails", "name", "roles", ENTERPRISE_USER.id)).map(
            lambda path: {"op": "remove", "path": path}
        ),
    )


def group_operations(members: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """An operation of a PATCH of a group."""
    some = st.lists(st.sampled_from(members), min_size=1, max_size=3).map(lambda ids: [{"value": one} for one in ids])
    return st.one_of(
        _operation(st.sampled_from(("add", "replace")), "members", some),
        _operation(st.just("add"), None, st.builds(lambda members: {"members": members}, some)),
        _operation(st.just("remove"), "members", some),
        st.sampled_from(members).map(lambda one: {"op": "remove", "path": f'members[value eq "{one}"]'}),
        _operation(st.just("replace"), "externalId", TEXTS),
        st.just({"op": "remove", "path": "members"}),
    )


def _operation(op: Draw, path: str | None, value: Draw) -> st.SearchStrategy[dict[str, Any]]:
    where = {} if path is None else {"path": st.just(path)}
    return st.fixed_dictionaries({"op": op, **where, "value": value})


def patch(operations: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """A PATCH."""
    listed = st.lists(operations, min_size=1, max_size=3)
    return listed.map(lambda found: {"schemas": [PATCH_OP], "Operations": found})


_CLAUSES: Final = {
    "Users": (
        "active eq true", "active ne false", "not (active eq true)", "emails pr", "title eq null", "name pr",
        'emails[type eq "work" and value pr]', 'emails[not (type eq "x")]', "not (userName pr)", "groups pr",
    ),
    "Groups": ("members pr", "not (members pr)", 'members[type eq "User"]', 'members[value sw "user"]', "meta pr"),
}  # fmt: skip


def filters(kind: str) -> st.SearchStrategy[str]:
    """A filter of users or of groups."""
    comparisons = st.one_of(
        st.builds(
            lambda path, op, value: f"{path} {op} {json.dumps(value)}",
            st.sampled_from(_PATHS[kind]),
            st.sampled_from(_OPERATORS),
            TEXTS,
        ),
        st.builds("{} pr".format, st.sampled_from(_PATHS[kind])),
        st.builds('meta.created {} "{}"'.format, st.sampled_from(("gt", "ge", "lt", "le", "eq")), _INSTANTS),
        st.sampled_from(_CLAUSES[kind]),
    )
    return st.recursive(
        comparisons,
        lambda inner: st.one_of(
            st.builds("{} and {}".format, inner, inner),
            st.builds("{} or {}".format, inner, inner),
            st.builds("not ({})".format, inner),
            st.builds("({})".format, inner),
        ),
        max_leaves=5,
    )


_FILTERS: Final = {kind: filters(kind) for kind in _PATHS}
_ORDERS: Final = {
    "Users": ("userName", "meta.created", "emails", "name.familyName", "displayName", "active", "id"),
    "Groups": ("displayName", "meta.lastModified", "externalId", "id"),
}
_PAGES: Final = {"startIndex": st.integers(-1, 9), "count": st.integers(-1, 9)}
PROJECTIONS: Final[st.SearchStrategy[dict[str, Any]]] = st.one_of(
    st.just({}),
    st.sampled_from(("attributes", "excludedAttributes")).flatmap(
        lambda key: st.lists(st.sampled_from(_NAMES), max_size=3).map(lambda names: {key: names})
    ),
)
SEARCHES: Final = {
    kind: st.builds(
        lambda search, names: {**search, **names},
        st.fixed_dictionaries(
            {},
            optional={
                "filter": _FILTERS[kind],
                "sortBy": st.sampled_from(_ORDERS[kind]),
                "sortOrder": st.sampled_from(("ascending", "descending")),
                **_PAGES,
            },
        ),
        PROJECTIONS,
    )
    for kind in _PATHS
}
"""What is searched, as a SearchRequest has it, without its `schemas`."""


def query(search: dict[str, Any]) -> str:
    """A search as the query of an address."""
    texts = {name: ",".join(value) if isinstance(value, list) else str(value) for name, value in search.items()}
    pairs = "&".join(f"{name}={quote(value, safe='')}" for name, value in texts.items())
    return f"?{pairs}" if pairs else ""


def search_message(search: dict[str, Any]) -> dict[str, Any]:
    """The same as a message."""
    return {"schemas": [SEARCH_REQUEST], **search}


def bulk(operations: list[dict[str, Any]]) -> dict[str, Any]:
    """A Bulk request."""
    return {"schemas": [BULK_REQUEST], "Operations": operations}


# --- noise ------------------------------------------------------------------------------------------------

ANY_TEXT: Final = st.text(st.characters() | st.sampled_from('\0\ud800"\\:[]().,%@\n'), max_size=12)
_LEAVES: Final = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), ANY_TEXT,
    st.sampled_from((2**63, -(2**63) - 1, 2**53 + 1, 10**400, 1e308, "", [], {}, [[]], [None], "bulkId:x")),
    st.just("x" * 70_000),
)  # fmt: skip
JSON: Final = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3), max_leaves=6
)
RAW: Final = st.one_of(
    st.binary(max_size=40),
    ANY_TEXT.map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.sampled_from((
        b"[" * 100_000, b'{"a":' * 5000, b"\xef\xbb\xbf{}", b"NaN", b'{"userName":"\\ud800"}', b'{"a":1,"a":2}',
        b"1e999", b'{"schemas":[],"userName":"\xff"}', b"9" * 5000, b'{"userName":"a","USERNAME":"b"}', b"null", b"{",
    )),
)  # fmt: skip
"""Any bytes as a body."""

_TOKENS: Final = (
    "(",
    ")",
    "[",
    "]",
    '"',
    " ",
    ".",
    ":",
    "not",
    " and ",
    " eq ",
    "\\",
    "\\u00",
    "null",
    "-1e9",
    "\0",
    "é",
    "%",
)
_VALUES: Final = st.sampled_from((
    "*", 'W/"1"', '"', 'W/"1", W/"2"', "", "text/plain", "application/json", "application/scim+json;charset=latin-1",
    "application/scim+json; charset", "application/json;q=0", "*/*", ";;;", "Bearer", "Bearer x",
    "Basic eDp5", "x" * 3000, "Bearer \xe9", "-1", "99999999999999999999", "127.0.0.1, x", "gzip", "chunked",
)) | st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=8)  # fmt: skip
HEADERS: Final = st.lists(
    st.tuples(
        st.sampled_from((
            "content-type", "accept", "if-match", "if-none-match", "user-agent", "authorization", "x-api-key", "host",
            "x-forwarded-for", "x-request-id", "content-encoding", "accept-encoding", "if-modified-since",
            "expect", "cookie",
        )),
        _VALUES,
    ),
    min_size=1,
    max_size=2,
)  # fmt: skip
"""Headers that are sent besides or instead of sound ones."""
METHODS: Final = st.sampled_from(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get", "X"))
SEGMENTS: Final = st.one_of(
    st.sampled_from(("%00", "%ff", "..", "%2e%2e", "%2F", "bulkId:x", ".search", "Me", "user_", "*", "🐍")),
    st.just("user_" + "f" * 32),
    st.from_regex(r"[A-Za-z0-9_%.~:@!$&'()*+,;=-]{1,12}", fullmatch=True),
    st.just("x" * 2000),
)  # fmt: skip
QUERIES: Final = st.one_of(
    st.from_regex(r"[A-Za-z0-9_%.=&+\"\[\]-]{0,20}", fullmatch=True).map(lambda text: f"?{text}"),
    st.builds(
        lambda name, value: f"?{name}={quote(value, safe='%', errors='surrogatepass')}",
        st.sampled_from((
            "filter", "attributes", "excludedAttributes", "sortBy", "sortOrder", "startIndex", "count", "cursor",
            "FILTER", "aadOptscim062020",
        )),
        ANY_TEXT | _VALUES | st.integers().map(str),
    ),
    st.builds(lambda found: query({"filter": found}), st.deferred(lambda: noisy_filters)),
    st.sampled_from(("?filter=a&filter=b", "?attributes=id&excludedAttributes=id", "?cursor=&startIndex=2")),
)  # fmt: skip


@st.composite
def _noisy_filter(draw: Draw) -> str:
    """A filter with something put in, left out, or repeated."""
    text: str = draw(st.one_of(*_FILTERS.values()))
    place = draw(st.integers(0, len(text)))
    until = draw(st.integers(place, min(len(text), place + 4)))
    put = draw(st.sampled_from(_TOKENS)) * draw(st.sampled_from((0, 1, 1, 2, 40)))
    noisy: str = text[:place] + put + text[until:]
    return noisy


noisy_filters: Final[st.SearchStrategy[str]] = _noisy_filter()


@st.composite
def spoiled(draw: Draw, message: Any) -> Any:
    """A message with something else in one or two of its places."""
    whole = {"message": copy.deepcopy(message)}
    for _ in range(draw(st.integers(1, 2))):
        places = list(_places(whole))
        holder, key = draw(st.sampled_from(places))
        match draw(st.sampled_from(("other", "gone", "listed", "more", "text"))):
            case "gone" if key != "message":
                del holder[key]
            case "listed":
                holder[key] = [holder[key]]
            case "more" if isinstance(holder, dict) and key != "message":
                holder[draw(st.sampled_from((str(key).upper(), "extra", "$ref", "")))] = draw(_LEAVES)
            case "text" if isinstance(holder[key], str):
                holder[key] += draw(st.sampled_from(_TOKENS))
            case _:
                holder[key] = draw(JSON)
    return whole["message"]


def _places(value: Any) -> Any:
    """Every holder with the key of what it holds."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in list(members):
        yield value, key
        yield from _places(member)


def encoded(message: Any) -> bytes:
    """The bytes of a message; half surrogates stay as escapes."""
    return json.dumps(message).encode()
