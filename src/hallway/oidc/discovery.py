"""What a provider publishes about itself (OpenID Connect Discovery 1.0 §3, §4)."""

from dataclasses import dataclass
from typing import Final

from hallway.oidc.issuer import Issuer, checked_url
from hallway.oidc.jose import ALGORITHMS
from hallway.oidc.json import JsonObject, parsed_object, text, texts
from hallway.oidc.problem import OidcProblem

MOST_BYTES: Final = 256 * 1024
_PATH: Final = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider as we use it: addresses that may be asked, and what it says that it can.

    `algorithms` are those that both sides know; a later document may not widen them unseen. `logout_endpoint` and
    `userinfo_endpoint` are "" where there is none.
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    logout_endpoint: str
    algorithms: frozenset[str]
    authentication_methods: tuple[str, ...]
    names_issuer: bool
    says_pkce: bool
    scopes: tuple[str, ...]


def configuration_url(issuer: str, http_hosts: frozenset[str] = frozenset()) -> str:
    """Where the document of an issuer is; its slash at the end, if it has one, belongs to it and not to the path."""
    checked = checked_url(issuer, http_hosts, "the issuer")
    if "?" in checked:
        raise OidcProblem("wrong_endpoint", "an issuer without a query", checked)
    return checked.removesuffix("/") + _PATH


def provider(
    status: int, octets: bytes, issuer: Issuer, http_hosts: frozenset[str] = frozenset()
) -> Provider:  # fmt: skip
    """The provider that a document tells of; hosts in `http_hosts` may be asked over http. Raises `OidcProblem`."""
    if status != 200:
        raise OidcProblem("wrong_status", "200", str(status))
    document = parsed_object(octets, MOST_BYTES)
    if text(document, "issuer") != issuer.text:
        raise OidcProblem("wrong_issuer", issuer.text, text(document, "issuer") or "none")

    def endpoint(name: str, needed: bool = True) -> str:
        given = text(document, name)
        return checked_url(given, http_hosts, name) if given or needed else ""

    _judge_abilities(document)
    return Provider(
        issuer=issuer.text,
        authorization_endpoint=endpoint("authorization_endpoint"),
        token_endpoint=endpoint("token_endpoint"),
        jwks_uri=endpoint("jwks_uri"),
        userinfo_endpoint=endpoint("userinfo_endpoint", needed=False),
        logout_endpoint=endpoint("end_session_endpoint", needed=False),
        algorithms=_algorithms(document),
        authentication_methods=texts(document, "token_endpoint_auth_methods_supported") or ("client_secret_basic",),
        names_issuer=document.get("authorization_response_iss_parameter_supported") is True,
        says_pkce="S256" in texts(document, "code_challenge_methods_supported"),
        scopes=texts(document, "scopes_supported"),
    )


def _judge_abilities(document: JsonObject) -> None:
    """What is not said is not held against a provider: Entra takes PKCE and does not say so."""
    types = texts(document, "response_types_supported")
    if types and "code" not in types:
        raise OidcProblem("no_code_flow", "code", ", ".join(types))
    methods = texts(document, "code_challenge_methods_supported")
    if methods and "S256" not in methods:
        raise OidcProblem("no_pkce", "S256", ", ".join(methods))


def _algorithms(document: JsonObject) -> frozenset[str]:
    said = texts(document, "id_token_signing_alg_values_supported") or ("RS256",)
    shared = ALGORITHMS & set(said)
    if not shared:
        raise OidcProblem("no_usable_algorithm", ", ".join(sorted(ALGORITHMS)), ", ".join(said))
    return shared
