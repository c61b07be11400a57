"""What a provider says about a person, in one shape for the shapes of all of them; and userinfo.

Rules: nothing here is an identity; an e-mail is verified only where the provider says so in a way that it vouches for
(never Entra, where people write it themselves); userinfo adds to the ID token and changes nothing in it.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hallway.oidc.id_token import SignIn, subject
from hallway.oidc.json import Json, JsonObject, parsed_object
from hallway.oidc.problem import OidcProblem

MOST_BYTES: Final = 256 * 1024
MOST_VALUES: Final = 2000
_DEEPEST: Final = 3
_OF_THE_PROTOCOL: Final = frozenset(
    {"iss", "aud", "exp", "iat", "nbf", "nonce", "at_hash", "c_hash", "s_hash", "azp", "jti", "sid", "auth_time"}
    | {"acr", "amr", "rh", "uti", "aio", "ver", "_claim_names", "_claim_sources"}
)
_ENTRA: Final = (
    "https://login.microsoftonline.com/",
    "https://login.microsoftonline.us/",
    "https://login.partner.microsoftonline.cn/",
    "https://sts.windows.net/",
)


@dataclass(frozen=True, slots=True)
class Attribute:
    """One claim as texts; members of an object have its name and a dot before them (`address.country`)."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """A person as the provider describes her. `groups_left_out` says that she has groups that the token leaves out
    (Entra beyond 200): then `groups` is unknown, not empty.
    """

    email: str
    email_verified: bool
    name: str
    given_name: str
    family_name: str
    username: str
    groups: tuple[str, ...]
    groups_left_out: bool
    hosted_domain: str
    object_id: str
    attributes: tuple[Attribute, ...]


def userinfo(status: int, content_type: str, octets: bytes, sign_in: SignIn) -> JsonObject:
    """The claims of a userinfo answer that is about the same person (Core §5.3.2). Raises `OidcProblem`."""
    if status != 200:
        raise OidcProblem("wrong_status", "200", str(status))
    kind = content_type.partition(";")[0].strip().lower()
    if kind != "application/json":
        raise OidcProblem("wrong_shape", "application/json", kind or "no content type")
    found = parsed_object(octets, MOST_BYTES)
    if subject(found) != sign_in.subject:
        raise OidcProblem("wrong_subject", sign_in.subject, subject(found))
    return found


def profile(sign_in: SignIn, added: JsonObject | None = None, groups_claim: str = "groups") -> Profile:
    """The person of a sign-in. `added` is what userinfo said of her."""
    known = {name: value for name, value in (added or {}).items() if name not in _OF_THE_PROTOCOL} | sign_in.claims
    attributes = {name: values for name, values in _flattened(known, "", 1) if name not in _OF_THE_PROTOCOL}
    email = _first(attributes, "email")
    # A statement that an address is verified counts for the address that it came with.
    vouching = sign_in.claims if "email" in sign_in.claims else added or {}
    return Profile(
        email=email,
        email_verified=bool(email) and _is_vouched_for(vouching, sign_in.issuer),
        name=_first(attributes, "name"),
        given_name=_first(attributes, "given_name"),
        family_name=_first(attributes, "family_name"),
        username=_first(attributes, "preferred_username"),
        groups=attributes.get(groups_claim, ()),
        groups_left_out=_leaves_out(known, groups_claim),
        hosted_domain=_first(attributes, "hd"),
        object_id=_first(attributes, "oid"),
        attributes=tuple(Attribute(name, values) for name, values in attributes.items()),
    )


def _first(attributes: dict[str, tuple[str, ...]], name: str) -> str:
    return next(iter(attributes.get(name, ())), "")


def _is_vouched_for(claims: JsonObject, issuer: str) -> bool:
    """`true` or "true"; at Entra only `xms_edov`, which says that the domain's owner was verified."""
    said = claims.get("xms_edov" if issuer.startswith(_ENTRA) else "email_verified")
    if isinstance(said, str):
        return said.lower() in ("true", "1")
    return said is True or said == 1


def _leaves_out(claims: JsonObject, groups_claim: str) -> bool:
    elsewhere = claims.get("_claim_names")
    return groups_claim not in claims and (
        claims.get("hasgroups") in (True, "true") or (isinstance(elsewhere, dict) and groups_claim in elsewhere)
    )


def _flattened(of: JsonObject, before: str, depth: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, value in of.items():
        if isinstance(value, dict) and depth < _DEEPEST:
            yield from _flattened(value, f"{before}{name}.", depth + 1)
        elif value is not None:
            listed = value if isinstance(value, list) else [value]
            yield before + name, tuple(_as_text(one) for one in listed[:MOST_VALUES] if one is not None)


def _as_text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
