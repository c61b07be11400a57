"""An OpenID provider of the tests' own, behind the port by which the Hub asks others."""

import base64
import hashlib
import json
from dataclasses import dataclass, field, replace
from time import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

from hallway.hub.connections.model import Connection, ConnectionState, NewConnection, OidcSettings, Protocol, Provider
from hallway.hub.connections.sealing import secret_context
from hallway.hub.organizations.model import Organization
from hallway.hub.organizations.proving import add as add_domain
from hallway.hub.organizations.proving import mark_proved
from hallway.ids import ConnectionId
from hallway.journal.model import Change
from hallway.outbound import Answer, OutboundProblem, Question
from hallway.web.wiring import Hub, clock
from tests.rooms.opened import OPERATOR
from tests.web.browsing import Browser

ISSUER = "https://op.example"
SECRET = "a client's secret"


def fresh_key(kid: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid, "alg": "ES256", "use": "sig"})


@dataclass
class OpenIdProvider:
    """Answers what the Hub asks; `claims` replace those of the ID token, None takes one out."""

    key: ECKey = field(default_factory=lambda: fresh_key("one"))
    published: list[ECKey] = field(default_factory=list)
    asked: dict[str, str] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] | None = None
    says: dict[str, Any] = field(default_factory=dict)
    down: bool = False
    questions: list[str] = field(default_factory=list)
    forms: list[dict[str, list[str]]] = field(default_factory=list)

    def discovery(self) -> str:
        return json.dumps(
            {
                "issuer": ISSUER,
                "authorization_endpoint": f"{ISSUER}/auth",
                "token_endpoint": f"{ISSUER}/token",
                "jwks_uri": f"{ISSUER}/jwks",
                "userinfo_endpoint": f"{ISSUER}/me",
                "end_session_endpoint": f"{ISSUER}/end",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"],
                "authorization_response_iss_parameter_supported": True,
                **self.says,
            }
        )

    def jwks(self) -> str:
        keys = self.published or [self.key]
        return json.dumps({"keys": [one.as_dict(private=False) for one in keys]})

    async def ask(self, question: Question) -> Answer:
        """See `hallway.outbound.Outbound`."""
        self.questions.append(question.url)
        if self.down:
            raise OutboundProblem("unreachable")
        kind = {"content-type": "application/json"}
        if question.url == f"{ISSUER}/token":
            form = parse_qs((question.body or b"").decode())
            self.forms.append(form)
            verifier = form["code_verifier"][0]
            digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
            if digest != self.asked["code_challenge"]:
                return Answer(400, kind, b'{"error": "invalid_grant"}', question.url)
            given = {"access_token": "at", "token_type": "Bearer", "id_token": self.id_token()}
            return Answer(200, kind, json.dumps(given).encode(), question.url)
        if question.url == f"{ISSUER}/jwks":
            return Answer(200, kind, self.jwks().encode(), question.url)
        return Answer(200, kind, json.dumps(self.userinfo or {}).encode(), question.url)

    def id_token(self) -> str:
        now = int(time())
        claims = {
            "iss": ISSUER, "sub": "ada-1", "aud": self.asked["client_id"], "iat": now, "exp": now + 300,
            "nonce": self.asked["nonce"], "auth_time": now, "email": "ada@acme.example", "email_verified": True,
            "given_name": "Ada", "family_name": "Byron", "groups": ["a", "b"], **self.claims,
        }  # fmt: skip
        header = {"alg": "ES256", "kid": self.key.kid}
        return jwt.encode(header, {name: value for name, value in claims.items() if value is not None}, self.key)

    def logout_token(self, **changes: Any) -> str:
        """What the provider says, server to server, when somebody signed out there."""
        now = int(time())
        claims = {
            "iss": ISSUER, "sub": "ada-1", "aud": self.asked["client_id"], "iat": now, "exp": now + 120,
            "jti": f"j{clock()}", "events": {"http://schemas.openid.net/event/backchannel-logout": {}}, **changes,
        }  # fmt: skip
        header = {"alg": "ES256", "kid": self.key.kid, "typ": "logout+jwt"}
        return jwt.encode(header, {name: value for name, value in claims.items() if value is not None}, self.key)


@dataclass
class OpenId:
    """One connection, its provider, and the way through both."""

    connection: Connection
    provider: OpenIdProvider

    @property
    def path(self) -> str:
        return f"/sso/{self.connection.id.hex()}"

    async def departed(self, browser: Browser, path: str | None = None) -> dict[str, str]:
        """Go to the provider; what it is asked."""
        await browser.get(path or self.path)
        parts = urlsplit(browser.page.headers["location"])
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.provider.asked = asked
        return asked

    async def returned(self, browser: Browser, **changes: str | None) -> Any:
        """The provider sends the browser back."""
        given: dict[str, str | None] = {"code": "c0de", "state": self.provider.asked["state"], "iss": ISSUER, **changes}
        query = "&".join(f"{name}={value}" for name, value in given.items() if value is not None)
        return await browser.get(f"{self.path}/callback?{query}")

    async def signed_in(self, browser: Browser, path: str | None = None) -> Any:
        """The whole way; the answer of the page that takes it up."""
        await self.departed(browser, path)
        answer = await self.returned(browser)
        assert answer.status == 303, answer.body
        return await browser.get(answer.headers["location"])


async def openid(hub: Hub, organization: Organization, serving: Any, **changes: Any) -> OpenId:
    """An active connection whose provider is the tests', with a proved domain."""
    added = await add_domain(hub.domain_desk, organization, "acme.example", OPERATOR)
    await mark_proved(hub.domain_desk, added, OPERATOR)
    provider, own = OpenIdProvider(), ConnectionId(hub.desk.fresh_id())
    settings = OidcSettings(
        ISSUER, "client 1", discovery=provider.discovery(), discovery_read_at=1, jwks=provider.jwks(), jwks_read_at=1
    )
    made = Connection(
        own, organization.id, "Acme sign-in", Protocol.OIDC, Provider.OTHER, ConnectionState.ACTIVE, clock(),
        oidc=settings, sealed=hub.keys.encrypt(SECRET.encode(), secret_context(own)), domains=("acme.example",),
    )  # fmt: skip
    made = replace(made, **changes)
    await hub.stores.database.commit(Change(organization.id, (NewConnection(made),)))
    sso = serving._sso
    object.__setattr__(sso.ground, "outbound", provider)
    return OpenId(made, provider)
