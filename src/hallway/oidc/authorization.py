"""The request that begins a sign-in, and the answer that the browser brings back (OpenID Connect Core §3.1.2).

Rules: PKCE S256, state and nonce always, each from 256 random bits; the answer is judged by state, then by issuer
(RFC 9207), and only then read.
"""

import hashlib
import hmac
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from hallway.oidc.issuer import Issuer
from hallway.oidc.jose import base64url
from hallway.oidc.problem import OidcProblem

RANDOM_BYTES: Final = 32
MOST_CODE: Final = 8192
_ASKED: Final = frozenset({"login_required", "interaction_required", "consent_required", "account_selection_required"})
_NEVER_IN_ADDRESSES: Final = ("access_token", "id_token", "response", "token_type")


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What is asked. `max_age` in seconds, 0 for a fresh sign-in; `extra` is for one provider (domain_hint)."""

    endpoint: str
    client_id: str
    redirect_uri: str
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    code_verifier: str = field(repr=False)
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    prompt: str = ""
    max_age: int | None = None
    login_hint: str = ""
    extra: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A sign-in that waits in this browser: whom it asked, and whether that one names itself in its answers."""

    state: str = field(repr=False)
    issuer: Issuer
    names_issuer: bool = False


def secret_text(random: bytes) -> str:
    """A state, nonce or code verifier out of at least 32 random bytes."""
    if len(random) < RANDOM_BYTES:
        raise ValueError("256 random bits are needed")
    return base64url(random)


def code_challenge(verifier: str) -> str:
    """The S256 challenge (RFC 7636 §4.2)."""
    return base64url(hashlib.sha256(verifier.encode()).digest())


def authorization_url(asked: AuthorizationRequest) -> str:
    """Where the browser is sent. A query that the endpoint has is kept (RFC 6749 §3.1)."""
    ours = {
        "response_type": "code",
        "client_id": asked.client_id,
        "redirect_uri": asked.redirect_uri,
        "scope": " ".join(dict.fromkeys(("openid", *asked.scopes))),
        "state": asked.state,
        "nonce": asked.nonce,
        "code_challenge": code_challenge(asked.code_verifier),
        "code_challenge_method": "S256",
        "prompt": asked.prompt,
        "max_age": "" if asked.max_age is None else str(asked.max_age),
        "login_hint": asked.login_hint,
    }
    parts = urlsplit(asked.endpoint)
    others = [*parse_qsl(parts.query, keep_blank_values=True), *asked.extra]
    taken = sorted({name for name, _ in others} & {*ours, "request", "request_uri", "response_mode"})
    if taken:
        raise OidcProblem("wrong_endpoint", "an address that leaves our parameters to us", ", ".join(taken))
    query = urlencode([*others, *((name, value) for name, value in ours.items() if value)])
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def authorization_code(parameters: Sequence[tuple[str, str]], waiting: Waiting) -> str:
    """The code that an answer brings. Raises `OidcProblem`."""
    twice = [name for name, count in Counter(name for name, _ in parameters).items() if count > 1]
    if twice:
        raise OidcProblem("wrong_parameters", "each parameter once", ", ".join(twice))
    given = dict(parameters)
    if not waiting.state or not hmac.compare_digest(_octets(given.get("state", "")), _octets(waiting.state)):
        raise OidcProblem("wrong_state", "the state of the sign-in that waits", "another one, or none")
    _judge_issuer(given.get("iss"), waiting)
    foreign = [name for name in _NEVER_IN_ADDRESSES if name in given]
    if foreign or ("code" in given) == ("error" in given):
        raise OidcProblem("wrong_parameters", "either a code or an error", ", ".join(sorted(given)))
    if "error" in given:
        raise _refusal(given["error"], given.get("error_description", ""))
    code = given["code"]
    if not code or len(code) > MOST_CODE or not code.isascii() or not code.isprintable():
        raise OidcProblem("wrong_parameters", "a code in printable ASCII", f"{len(code)} characters")
    return code


def _octets(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


def _judge_issuer(named: str | None, waiting: Waiting) -> None:
    if named is None and not waiting.names_issuer:
        return
    if named is None or waiting.issuer.tenant_of(named) is None:
        raise OidcProblem("wrong_issuer", waiting.issuer.text, named or "none")


def _refusal(error: str, description: str) -> OidcProblem:
    said = f"{error}: {description}" if description else error
    if error == "access_denied":
        return OidcProblem("access_denied", "a code", said)
    return OidcProblem("interaction_required" if error in _ASKED else "provider_refused", "a code", said)
