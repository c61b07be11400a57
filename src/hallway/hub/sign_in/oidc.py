"""OpenID Connect: the request that sends somebody to her provider, and what its tokens say.

Rules: the answer is held to the browser, the state, the nonce and the issuer of the sign-in that waits, before the
code is shown to anybody; keys are those that the provider published; a key that is not known is asked for once, seldom.
"""

import base64
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import orjson
from joserfc.jwk import ECKey

from hallway.hub.connections.addresses import redirect_uri
from hallway.hub.connections.model import Connection, ConnectionUpdate
from hallway.hub.connections.openid import PRIVATE_KEY
from hallway.hub.connections.sealing import key_context, secret_context
from hallway.hub.sign_in.desk import Purpose, SignInDesk
from hallway.hub.sign_in.model import Kind, Said, SignIn, TurnedAway
from hallway.hub.sign_in.saml import Departure, all_of, first_of
from hallway.journal.model import Change, Stale
from hallway.oidc import claims, id_token
from hallway.oidc.authorization import (
    AuthorizationRequest,
    Waiting,
    authorization_code,
    authorization_url,
    secret_text,
)
from hallway.oidc.discovery import Provider, provider
from hallway.oidc.issuer import Issuer
from hallway.oidc.jose import Trust, published_keys
from hallway.oidc.problem import OidcProblem
from hallway.oidc.tokens import (
    ClientAuthentication,
    Exchange,
    Message,
    PrivateKeyJwt,
    SecretBasic,
    SecretPost,
    token_request,
    tokens,
    userinfo_request,
)
from hallway.outbound import Answer, Outbound, OutboundProblem, Question

RANDOM_BYTES: Final = 32
KEYS_REST: Final = 5 * 60 * 1_000_000
"""How long after the keys were read a strange one is not asked for again."""
_ADDED: Final = "email"
_ENTRA: Final = ("https://login.microsoftonline.com/", "https://login.microsoftonline.us/")


@dataclass(frozen=True, slots=True)
class Answered:
    """What a browser brought back: the parameters of the address, and the secret that it keeps."""

    parameters: list[tuple[str, str]]
    browser: bytes


def provider_of(connection: Connection, http_hosts: frozenset[str]) -> Provider:
    """The provider, as it was read when the connection was set up. Raises `OidcProblem`."""
    settings = connection.oidc
    return provider(200, settings.discovery.encode(), Issuer(settings.issuer), http_hosts)


async def depart(desk: SignInDesk, connection: Connection, purpose: Purpose) -> Departure:
    """The way to the provider, once a sign-in waits for the answer. Raises `OidcProblem`."""
    found = provider_of(connection, desk.http_hosts)
    state = desk.fresh_token()
    nonce, verifier = (secret_text(desk.entropy(RANDOM_BYTES)) for _ in range(2))
    await desk.begin(connection, purpose, state, {"nonce": nonce, "verifier": verifier})
    fresh = purpose.kind is Kind.AGAIN
    asked = AuthorizationRequest(
        found.authorization_endpoint, connection.oidc.client_id, redirect_uri(desk.base_url, connection), state, nonce,
        verifier, connection.oidc.scopes, "login" if fresh else "", 0 if fresh else None,
    )  # fmt: skip
    return Departure(authorization_url(asked), {})


async def arrive(desk: SignInDesk, outbound: Outbound, connection: Connection, came: Answered) -> tuple[SignIn, Said]:
    """What an answer says, and the sign-in that it answers. Raises `OidcProblem` and `TurnedAway`."""
    state = dict(came.parameters).get("state", "")
    sign_in = await desk.waiting(connection, state)
    if sign_in is None:
        raise TurnedAway("no_request")
    if not desk.is_of_browser(sign_in, came.browser):
        raise TurnedAway("other_browser")
    found = provider_of(connection, desk.http_hosts)
    issuer = Issuer(connection.oidc.issuer)
    code = authorization_code(came.parameters, Waiting(state, issuer, found.names_issuer))
    exchange = Exchange(
        found.token_endpoint, connection.oidc.client_id, redirect_uri(desk.base_url, connection), code,
        sign_in.secrets["verifier"],
    )  # fmt: skip
    answer = await _asked(outbound, token_request(exchange, _authentication(desk, connection)))
    given = tokens(answer.status, answer.body)
    expected = id_token.Expectation(
        issuer, connection.oidc.client_id, Trust(published_keys(connection.oidc.jwks.encode()), found.algorithms),
        sign_in.secrets["nonce"], given.access_token, code, desk.clock(),
        fresh_since=sign_in.created_at if sign_in.kind is Kind.AGAIN else None,
    )  # fmt: skip
    judged = await _judged(desk, outbound, connection, given.unverified_id_token, expected)
    added = None
    if _ADDED not in judged.claims and found.userinfo_endpoint:
        told = await _asked(outbound, userinfo_request(found.userinfo_endpoint, given.access_token))
        added = claims.userinfo(told.status, told.headers.get("content-type", ""), told.body, judged)
    said = said_of(connection, judged, claims.profile(judged, added), given.unverified_id_token)
    return sign_in, replace(said, hint=given.unverified_id_token) if found.logout_endpoint else said


def said_of(connection: Connection, judged: id_token.SignIn, person: claims.Profile, token: str) -> Said:
    """What a judged ID token says, in the words of every protocol."""
    kept = {one.name: list(one.values) for one in person.attributes}
    own = connection.mapping
    email = first_of(kept, own.email, ()) if own.email else person.email
    verified = person.email_verified and email == person.email
    upn = first_of(kept, ("upn",), ())
    if not verified and "@" in upn and judged.issuer.startswith(_ENTRA):
        # At Entra a person writes her own `email`; under which name she signs in, her administrator decides.
        email, verified = upn, True
    return Said(
        subject=subject_of(judged.issuer, judged.subject),
        shown=email or person.name or judged.subject,
        message=f"{judged.issuer} {token.rpartition('.')[2]}",
        until=judged.until,
        authenticated_at=judged.authenticated_at or 0,
        email=email,
        email_verified=verified,
        first_name=first_of(kept, own.first_name, ()) or person.given_name,
        last_name=first_of(kept, own.last_name, ()) or person.family_name,
        groups=tuple(all_of(kept, own.groups, ())) or person.groups,
        user_name=person.username,
        external_id=person.object_id or judged.subject,
        session_index=judged.session_id,
        attributes=kept,
        facts={
            "issuer": judged.issuer,
            "algorithm": judged.algorithm,
            "context": judged.context,
            "methods": list(judged.methods),
            "groups_left_out": person.groups_left_out,
        },
    )


def subject_of(issuer: str, subject: str) -> str:
    """A name that no two people have, whatever the provider."""
    return f"{len(issuer)}:{issuer}{subject}"


async def _judged(
    desk: SignInDesk, outbound: Outbound, connection: Connection, token: str, expected: id_token.Expectation
) -> id_token.SignIn:
    """Judge it; where its key is not known, read the keys once more and judge again."""
    try:
        return id_token.judged(token, expected)
    except OidcProblem as problem:
        read_at = connection.oidc.jwks_read_at or 0
        if problem.code != "unknown_key" or desk.clock() - read_at < KEYS_REST:
            raise
    found = provider_of(connection, desk.http_hosts)
    answer = await _asked(outbound, Message(found.jwks_uri, (("Accept", "application/json"),)))
    if answer.status != 200:
        raise TurnedAway("provider_unreachable", "the provider's keys", str(answer.status))
    keys = published_keys(answer.body)
    oidc = replace(connection.oidc, jwks=answer.body.decode(), jwks_read_at=desk.clock())
    changed = replace(connection, oidc=oidc, version=connection.version + 1)
    with suppress(Stale):  # Somebody else read them in this moment; these are as good.
        await desk.ledger.commit(Change(connection.organization_id, (ConnectionUpdate(connection, changed),)))
    return id_token.judged(token, replace(expected, trust=Trust(keys, expected.trust.algorithms)))


async def _asked(outbound: Outbound, message: Message) -> Answer:
    try:
        return await outbound.ask(Question(message.url, message.headers, message.body))
    except OutboundProblem as problem:
        raise TurnedAway("provider_unreachable", "an answer of the provider", str(problem)) from None


def _authentication(desk: SignInDesk, connection: Connection) -> ClientAuthentication:
    if connection.oidc.authentication == PRIVATE_KEY:
        return _by_key(desk, connection)
    secret = desk.vault.decrypt(connection.sealed, secret_context(connection.id)).decode()
    if connection.oidc.authentication == "client_secret_post":
        return SecretPost(secret)
    return SecretBasic(secret)


def _by_key(desk: SignInDesk, connection: Connection) -> PrivateKeyJwt:
    """A token of our own for the issuer alone, so that no other provider can show it on (RFC 7523, RFC 9700 §2.1)."""
    settings = connection.oidc
    key = _own_key(desk.vault.decrypt(base64.b64decode(settings.own_key), key_context(connection.id)))
    kid = str(orjson.loads(settings.own_public)["kid"])
    return PrivateKeyJwt(key, kid, settings.issuer, desk.fresh_token(), desk.clock())


@lru_cache(256)
def _own_key(pem: bytes) -> ECKey:
    return ECKey.import_key(pem)
