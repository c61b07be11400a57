"""Authorization requests as a provider judges them (OpenID Connect Core §3.1.2, RFC 7636, RFC 8252, RFC 9207).

Rules: client and redirect URI first, and until both are checked nobody is sent anywhere; each parameter once; PKCE with
S256 always; the only answer is a code; nothing is fetched; what is not understood is ignored only where the standard
says so (unknown parameters, unknown scopes).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from hallway.oidc.oauth_problem import OAuthProblem, ReturnTo, shown, single

SCOPES: Final = ("openid", "profile", "email", "groups", "offline_access")
PROMPTS: Final = ("none", "login", "consent", "select_account")
MODES: Final = ("query", "form_post")
MOST_STATE: Final = 1024
MOST_NONCE: Final = 512
MOST_HINT: Final = 254
MOST_NAME: Final = 300
MOST_TOKEN: Final = 8192
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_SECONDS: Final = re.compile(r"[0-9]{1,9}")
_LOOPBACK: Final = ("127.0.0.1", "::1")
_NOT_SUPPORTED: Final = {
    "request": "request_not_supported",
    "request_uri": "request_uri_not_supported",
    "registration": "registration_not_supported",
}


@dataclass(frozen=True, slots=True)
class Client:
    """What a request is judged by. A `native` client may have any port of a loopback address that it registered."""

    client_id: str
    redirect_uris: tuple[str, ...]
    native: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that may be answered. `max_age` in seconds; `id_token_hint` is not judged yet."""

    client_id: str
    back: ReturnTo
    scopes: tuple[str, ...]
    code_challenge: str
    nonce: str = field(default="", repr=False)
    prompts: frozenset[str] = frozenset()
    max_age: int | None = None
    login_hint: str = ""
    organization: str = ""
    connection: str = ""
    unverified_hint: str = field(default="", repr=False)

    @property
    def silent(self) -> bool:
        """Whether no page may be shown."""
        return "none" in self.prompts


def client_of(pairs: Sequence[tuple[str, str]]) -> str:
    """Which client asks. Raises `OAuthProblem` without an address: nothing is checked yet."""
    return _one(pairs, "client_id")


def asked(pairs: Sequence[tuple[str, str]], client: Client) -> Asked:
    """The request of this client. Raises `OAuthProblem`."""
    redirect_uri = _one(pairs, "redirect_uri")
    if not is_registered(redirect_uri, client):
        raise OAuthProblem("invalid_request", "The redirect_uri is not one that this client has registered.")
    modes = [value for name, value in pairs if name == "response_mode"]
    states = [value for name, value in pairs if name == "state"]
    # What is wrong with these two may itself only be told by an answer without them.
    back = ReturnTo(
        redirect_uri,
        modes[0] if len(modes) == 1 and modes[0] in MODES else MODES[0],
        states[0] if len(states) == 1 and 0 < len(states[0]) <= MOST_STATE else None,
    )
    try:
        return _judged(single(list(pairs)), client.client_id, back)
    except OAuthProblem as problem:
        raise OAuthProblem(problem.error, problem.description, back) from None


def is_registered(redirect_uri: str, client: Client) -> bool:
    """Whether an address is one of the client's, to the letter; a native one's port on loopback is its own choice
    (RFC 8252 §7.3).
    """
    if redirect_uri in client.redirect_uris:
        return True
    return client.native and any(_same_but_port(redirect_uri, one) for one in client.redirect_uris)


def answer_url(back: ReturnTo, values: dict[str, str]) -> str:
    """The address that brings an answer by its query; what the client's own query has is kept."""
    parts = urlsplit(back.redirect_uri)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *values.items()])
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def answered(back: ReturnTo, issuer: str, **values: str) -> dict[str, str]:
    """The parameters of an answer: with the state of the request, and with who answers (RFC 9207)."""
    state = {} if back.state is None else {"state": back.state}
    return {**values, **state, "iss": issuer}


def _one(pairs: Sequence[tuple[str, str]], wanted: str) -> str:
    found = [value for name, value in pairs if name == wanted]
    if len(found) != 1 or not found[0]:
        raise OAuthProblem("invalid_request", f"The parameter {wanted} has to stand there once.")
    return found[0]


def _judged(given: dict[str, str], client_id: str, back: ReturnTo) -> Asked:
    for name, error in _NOT_SUPPORTED.items():
        if name in given:
            raise OAuthProblem(error, f"The parameter {name} is not taken here.")
    if "response_type" not in given:
        raise OAuthProblem("invalid_request", "The parameter response_type is missing.")
    if given["response_type"] != "code":
        raise OAuthProblem("unsupported_response_type", "The response_type is code.")
    if given.get("response_mode", MODES[0]) not in MODES:
        raise OAuthProblem("invalid_request", "The response_mode is query or form_post.")
    scopes = given.get("scope", "").split()
    if "openid" not in scopes:
        raise OAuthProblem("invalid_scope", "The scope openid is missing.")
    _judge_lengths(given)
    return Asked(
        client_id=client_id,
        back=back,
        scopes=tuple(one for one in SCOPES if one in scopes),
        code_challenge=_challenge(given),
        nonce=given.get("nonce", ""),
        prompts=_prompts(given.get("prompt", "")),
        max_age=_max_age(given.get("max_age")),
        login_hint=given.get("login_hint", ""),
        organization=given.get("organization", ""),
        connection=given.get("connection", ""),
        unverified_hint=given.get("id_token_hint", ""),
    )


def _judge_lengths(given: dict[str, str]) -> None:
    limits = {
        "state": MOST_STATE, "nonce": MOST_NONCE, "login_hint": MOST_HINT, "organization": MOST_NAME,
        "connection": MOST_NAME, "id_token_hint": MOST_TOKEN,
    }  # fmt: skip
    for name, most in limits.items():
        if len(given.get(name, "")) > most:
            raise OAuthProblem("invalid_request", f"The parameter {name} has at most {most} characters.")
        if any(ord(sign) < 32 for sign in given.get(name, "")):
            raise OAuthProblem("invalid_request", f"The parameter {name} has a control character.")


def _challenge(given: dict[str, str]) -> str:
    if "code_challenge" not in given:
        raise OAuthProblem("invalid_request", "PKCE is needed: send a code_challenge.")
    if given.get("code_challenge_method") != "S256":
        raise OAuthProblem("invalid_request", "The code_challenge_method is S256.")
    if not _CHALLENGE.fullmatch(given["code_challenge"]):
        raise OAuthProblem("invalid_request", "A code_challenge by S256 has 43 characters in base64url.")
    return given["code_challenge"]


def _prompts(text: str) -> frozenset[str]:
    found = text.split()
    unknown = [one for one in found if one not in PROMPTS]
    if unknown:
        raise OAuthProblem("invalid_request", f"The prompt {shown(unknown[0])} is not offered here.")
    if "none" in found and len(found) > 1:
        raise OAuthProblem("invalid_request", "The prompt none stands alone.")
    return frozenset(found)


def _max_age(text: str | None) -> int | None:
    if text is None:
        return None
    if not _SECONDS.fullmatch(text):
        raise OAuthProblem("invalid_request", "The max_age is a number of seconds.")
    return int(text)


def _same_but_port(given: str, registered: str) -> bool:
    try:
        own, theirs = urlsplit(given), urlsplit(registered)
        _ = own.port  # a port that is no number is no address
    except ValueError:
        return False
    if theirs.scheme != "http" or theirs.hostname not in _LOOPBACK or "@" in own.netloc or "#" in given:
        return False
    return (own.scheme, own.hostname, own.path, own.query) == ("http", theirs.hostname, theirs.path, theirs.query)
