"""Sign-in by OpenID Connect: where the browser is sent, and who came back.

Rules: PKCE, state and nonce always; the answer counts only in the browser that began; tokens are judged by
`hallway.oidc`. **An account is `Identity.key`**: issuer and subject. The e-mail address is for showing and for writing
to; whoever finds an account by it lets in whoever can write that address into another directory.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from msgspec import Struct, ValidationError, convert

from hallway.client.application import Application
from hallway.client.model import OrganizationRef
from hallway.client.problem import SignInRefused, Unreachable
from hallway.client.steps import AGENT, Answer, Request, Steps
from hallway.oidc import logout as oidc_logout
from hallway.oidc.authorization import (
    RANDOM_BYTES,
    AuthorizationRequest,
    Waiting,
    authorization_code,
    authorization_url,
    secret_text,
)
from hallway.oidc.discovery import Provider, configuration_url, provider
from hallway.oidc.id_token import Expectation, SignIn, judged
from hallway.oidc.issuer import Issuer
from hallway.oidc.jose import KeySet, Trust, published_keys
from hallway.oidc.problem import OidcProblem
from hallway.oidc.tokens import Exchange, Message, SecretBasic, token_request, tokens

KEPT_SECONDS: Final = 3600
"""How long the Hub's addresses and keys are used before they are read again."""
REREAD_SECONDS: Final = 30
"""How soon after reading them an unknown key makes us read them again."""
_SECOND: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Wish:
    """What a sign-in asks for. `organization` is an id or the application's own; `max_age` 0 wants a fresh one.

    `prompt` is `none` to ask whether somebody is signed in, `login` to have her sign in again.
    """

    organization: str = ""
    login_hint: str = ""
    connection: str = ""
    prompt: str = ""
    max_age: int | None = None


class Attempt(Struct, frozen=True):
    """A sign-in that waits in one browser: keep it there in a cookie that nobody else can write or read."""

    state: str
    nonce: str
    verifier: str
    began: int
    fresh: bool = False
    next: str = "/"


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser goes, and what it keeps meanwhile."""

    url: str = field(repr=False)
    attempt: Attempt = field(repr=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signed in, in which organization. Nothing but `issuer` and `subject` says which account it is."""

    issuer: str
    subject: str
    organization: OrganizationRef
    role: str
    email: str
    email_verified: bool
    name: str
    groups: tuple[str, ...]
    connection: str | None
    methods: tuple[str, ...]
    authenticated_at: int | None
    session_id: str
    id_token: str = field(repr=False)

    @property
    def key(self) -> tuple[str, str]:
        """What an account is found by."""
        return self.issuer, self.subject


@dataclass(slots=True)
class Known:
    """What was read of the Hub, and when (microseconds since 1970)."""

    provider: Provider | None = None
    keys: KeySet | None = None
    read_at: int = 0

    def is_older(self, now: int, seconds: int) -> bool:
        """Whether it was read longer ago than this."""
        return now - self.read_at >= seconds * _SECOND


def begin(app: Application, known: Known, wish: Wish, now: int, next_path: str = "/") -> Steps[Begun]:
    """Begin a sign-in. Raises `SignInRefused`, `Unreachable`."""
    there = yield from _provider(app, known, now)
    attempt = Attempt(
        _random(), _random(), _random(), now, wish.max_age is not None or wish.prompt == "login", next_path
    )
    extra = [("organization", wish.organization), ("connection", wish.connection)]
    asked = AuthorizationRequest(
        endpoint=there.authorization_endpoint,
        client_id=app.client_id,
        redirect_uri=app.redirect_uri,
        state=attempt.state,
        nonce=attempt.nonce,
        code_verifier=attempt.verifier,
        scopes=app.scopes,
        prompt=wish.prompt,
        max_age=wish.max_age,
        login_hint=wish.login_hint,
        extra=tuple((name, value) for name, value in extra if value),
    )
    return Begun(authorization_url(asked), attempt)


def finish(
    app: Application, known: Known, attempt: Attempt, parameters: Sequence[tuple[str, str]], now: int
) -> Steps[Identity]:
    """Who came back, by the query that the browser brought. Raises `SignInRefused`, `Unreachable`."""
    there = yield from _provider(app, known, now)
    try:
        code = authorization_code(parameters, Waiting(attempt.state, Issuer(app.hub), there.names_issuer))
        exchange = Exchange(there.token_endpoint, app.client_id, app.redirect_uri, code, attempt.verifier)
        answer = yield _sent(token_request(exchange, SecretBasic(app.client_secret)))
        given = tokens(answer.status, answer.octets)
        found = yield from _judged(
            app, known, _Token(given.unverified_id_token, given.access_token, code), attempt, now
        )
    except OidcProblem as problem:
        raise _refused(problem) from None
    return _identity(found, given.unverified_id_token)


def sign_out_url(app: Application, known: Known, now: int, id_token: str, back_to: str) -> Steps[str]:
    """Where the browser is sent to end the session at the Hub too, `back_to` itself where the Hub has no such place."""
    there = yield from _provider(app, known, now)
    if not there.logout_endpoint:
        return back_to
    asked = {"client_id": app.client_id, "post_logout_redirect_uri": back_to, "id_token_hint": id_token}
    return f"{there.logout_endpoint}?{urlencode({name: value for name, value in asked.items() if value})}"


def logged_out(app: Application, known: Known, token: str, now: int) -> Steps[oidc_logout.Logout]:
    """Whose sessions end, by a logout token that the Hub posted (Back-Channel Logout 1.0). Raises `SignInRefused`."""
    for fresh in (False, True):
        there, keys = yield from _keys(app, known, now, fresh)
        expected = oidc_logout.LogoutExpectation(Issuer(app.hub), app.client_id, Trust(keys, there.algorithms), now)
        try:
            return oidc_logout.logout(token, expected)
        except OidcProblem as problem:
            if fresh or not _is_worth_reading_again(problem, known, now):
                raise _refused(problem) from None
    raise AssertionError  # pragma: no cover


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    access_token: str
    code: str


def _judged(app: Application, known: Known, token: _Token, attempt: Attempt, now: int) -> Steps[SignIn]:
    for fresh in (False, True):
        there, keys = yield from _keys(app, known, now, fresh)
        expected = Expectation(
            issuer=Issuer(app.hub),
            client_id=app.client_id,
            trust=Trust(keys, there.algorithms),
            nonce=attempt.nonce,
            access_token=token.access_token,
            code=token.code,
            now=now,
            fresh_since=attempt.began if attempt.fresh else None,
        )
        try:
            return judged(token.text, expected)
        except OidcProblem as problem:
            if fresh or not _is_worth_reading_again(problem, known, now):
                raise
    raise AssertionError  # pragma: no cover


def _is_worth_reading_again(problem: OidcProblem, known: Known, now: int) -> bool:
    return problem.code == "unknown_key" and known.is_older(now, REREAD_SECONDS)


def _provider(app: Application, known: Known, now: int) -> Steps[Provider]:
    there, _ = yield from _keys(app, known, now, False)
    return there


def _keys(app: Application, known: Known, now: int, fresh: bool) -> Steps[tuple[Provider, KeySet]]:
    """Addresses and keys of the Hub; what was read before serves on while the Hub does not answer."""
    if known.provider is not None and known.keys is not None and not fresh and not known.is_older(now, KEPT_SECONDS):
        return known.provider, known.keys
    try:
        answer = yield from _read(configuration_url(app.hub, app.http_hosts))
        there = provider(answer.status, answer.octets, Issuer(app.hub), app.http_hosts)
        keys = published_keys((yield from _read(there.jwks_uri)).octets)
    except OidcProblem as problem:
        raise _refused(problem) from None
    except Unreachable:
        if known.provider is None or known.keys is None:
            raise
        return known.provider, known.keys
    known.provider, known.keys, known.read_at = there, keys, now
    return there, keys


def _read(url: str) -> Steps[Answer]:
    answer = yield Request("GET", url, {"User-Agent": AGENT})
    if answer.status >= 500:
        raise Unreachable(f"{url} answered {answer.status}.")
    if answer.status != 200:
        raise OidcProblem("wrong_status", "200", str(answer.status))
    return answer


def _sent(message: Message) -> Request:
    headers = {**dict(message.headers), "User-Agent": AGENT}
    return Request("GET" if message.body is None else "POST", message.url, headers, message.body)


def _identity(found: SignIn, id_token: str) -> Identity:
    claims = found.claims
    try:
        organization = convert(claims.get("org"), OrganizationRef)
        said = convert(claims, _Said)
    except ValidationError as error:
        raise SignInRefused("wrong_shape", f"The Hub's token does not say enough: {error}.") from None
    return Identity(
        issuer=found.issuer,
        subject=found.subject,
        organization=organization,
        role=said.role,
        email=said.email,
        email_verified=said.email_verified is True,
        name=said.name or said.email,
        groups=tuple(said.groups),
        connection=said.connection,
        methods=found.methods,
        authenticated_at=found.authenticated_at,
        session_id=found.session_id,
        id_token=id_token,
    )


class _Said(Struct, frozen=True):
    role: str = ""
    email: str = ""
    email_verified: Any = False
    name: str = ""
    groups: Sequence[str] = ()
    connection: str | None = None


def _refused(problem: OidcProblem) -> SignInRefused:
    return SignInRefused(problem.code, str(problem), problem.expected, problem.received)


def _random() -> str:
    return secret_text(secrets.token_bytes(RANDOM_BYTES))
