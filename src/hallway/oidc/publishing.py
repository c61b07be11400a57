"""What we say of ourselves as a provider (OpenID Connect Discovery §3, RFC 8414), and our keys (RFC 7517)."""

from collections.abc import Sequence
from typing import Final

from hallway.oidc.client_authentication import METHODS
from hallway.oidc.issuing import SIGNING
from hallway.oidc.jose import ALGORITHMS
from hallway.oidc.json import Json, JsonObject
from hallway.oidc.provider import MODES, PROMPTS, SCOPES
from hallway.oidc.token_request import GRANT_TYPES

AUTHORIZE: Final = "/oauth2/authorize"
TOKEN: Final = "/oauth2/token"  # noqa: S105 - a path
USERINFO: Final = "/oauth2/userinfo"
JWKS: Final = "/oauth2/jwks"
INTROSPECT: Final = "/oauth2/introspect"
REVOKE: Final = "/oauth2/revoke"
LOGOUT: Final = "/oauth2/logout"
CLAIMS: Final = (
    "sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "amr", "sid", "email", "email_verified", "name", "org",
    "role", "groups", "connection",
)  # fmt: skip


def configuration(issuer: str, machine_scopes: Sequence[str] = ()) -> JsonObject:
    """The discovery document."""
    proofs: list[Json] = list(METHODS)
    proved: list[Json] = [one for one in METHODS if one != "none"]
    assertions: list[Json] = [*sorted(ALGORITHMS)]
    return {
        "issuer": issuer,
        "authorization_endpoint": issuer + AUTHORIZE,
        "token_endpoint": issuer + TOKEN,
        "userinfo_endpoint": issuer + USERINFO,
        "jwks_uri": issuer + JWKS,
        "introspection_endpoint": issuer + INTROSPECT,
        "revocation_endpoint": issuer + REVOKE,
        "end_session_endpoint": issuer + LOGOUT,
        "scopes_supported": [*SCOPES, *machine_scopes],
        "claims_supported": list(CLAIMS),
        "response_types_supported": ["code"],
        "response_modes_supported": list(MODES),
        "grant_types_supported": list(GRANT_TYPES),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": list(SIGNING),
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": list(PROMPTS),
        "token_endpoint_auth_methods_supported": proofs,
        "token_endpoint_auth_signing_alg_values_supported": assertions,
        "introspection_endpoint_auth_methods_supported": proved,
        "introspection_endpoint_auth_signing_alg_values_supported": assertions,
        "revocation_endpoint_auth_methods_supported": proofs,
        "revocation_endpoint_auth_signing_alg_values_supported": assertions,
        "authorization_response_iss_parameter_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }


def key_set(public: Sequence[JsonObject]) -> JsonObject:
    """The document of our keys."""
    keys: list[Json] = list(public)
    return {"keys": keys}
