"""An application of the tests' own: a client of the Hub as a relying party has one, over the application in this
process.
"""

import base64
import hashlib
import json
import warnings
from dataclasses import dataclass, field, replace
from time import time
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, KeySet

from hallway.hub.applications.desk import ApplicationDesk
from hallway.hub.applications.model import Addresses, Kind
from hallway.hub.applications.service import Made, Wish, create
from hallway.hub.organizations.founding import found_organization
from hallway.hub.organizations.inviting import Joiner
from hallway.hub.organizations.members import Member, Role
from hallway.hub.organizations.model import Organization, Plan
from hallway.web.wiring import Hub, application_desk
from tests.furnished import HERE, entered, member, person
from tests.rooms.opened import OPERATOR
from tests.web.asgi import Answer, call
from tests.web.browsing import Browser
from tests.web.deployment import Deployment

ISSUER = "http://127.0.0.1:8000"
BACK = "https://app.example/callback"
GONE = "https://app.example/signed-out"
FORM = "application/x-www-form-urlencoded"
VERIFIER = "v" * 43


def challenge(verifier: str = VERIFIER) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


@dataclass
class Relying:
    """One application, and whom it sends here."""

    deployment: Deployment
    made: Made
    desk: ApplicationDesk
    proofs: dict[str, str] = field(default_factory=dict)

    @property
    def client_id(self) -> str:
        return self.made.application.client_id

    @property
    def issuer(self) -> str:
        return self.desk.issuer

    def url(self, **changes: str | None) -> str:
        """The address that a browser is sent to; None leaves a parameter out."""
        given: dict[str, str | None] = {
            "client_id": self.client_id, "redirect_uri": BACK, "response_type": "code",
            "scope": "openid email profile groups", "state": "s1", "nonce": "n1", "code_challenge": challenge(),
            "code_challenge_method": "S256", **changes,
        }  # fmt: skip
        return "/oauth2/authorize?" + urlencode({name: value for name, value in given.items() if value is not None})

    async def answer(self, browser: Browser, **changes: str | None) -> dict[str, str]:
        """What comes back to the application at once."""
        return answer_of(await browser.get(self.url(**changes)))

    async def code(self, browser: Browser, **changes: str | None) -> str:
        """The code of somebody who is signed in."""
        return (await self.answer(browser, **changes))["code"]

    async def post(self, path: str, **form: str | None) -> "Said":
        """A form of the application's server, with its proof; None leaves a field out."""
        headers = {"content-type": FORM}
        if "client_id" not in form and "client_assertion" not in form and self.made.text:
            pair = f"{self.client_id}:{self.made.text}".encode()
            headers["authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        given = {name: value for name, value in form.items() if value is not None}
        answer = await call(self.deployment.app, "POST", path, headers, urlencode(given).encode())
        return Said(answer)

    async def token(self, code: str, **changes: str | None) -> "Said":
        """Tokens for a code."""
        form: dict[str, str | None] = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
        return await self.post("/oauth2/token", **{**form, "code_verifier": VERIFIER, **changes})

    async def refresh(self, refresh_token: str, **changes: str | None) -> "Said":
        """The next tokens."""
        return await self.post("/oauth2/token", grant_type="refresh_token", refresh_token=refresh_token, **changes)

    async def tokens(self, browser: Browser, **changes: str | None) -> dict[str, Any]:
        """The whole way: a code, and tokens for it."""
        said = await self.token(await self.code(browser, **changes))
        assert said.status == 200, said.body
        return said.body

    async def userinfo(self, access_token: str, method: str = "GET") -> "Said":
        """Who it is about."""
        headers = {"authorization": f"Bearer {access_token}"}
        return Said(await call(self.deployment.app, method, "/oauth2/userinfo", headers, b""))

    async def keys(self) -> KeySet:
        """Our published keys."""
        answer = await call(self.deployment.app, "GET", "/oauth2/jwks", {}, b"")
        return KeySet.import_key_set(json.loads(answer.body))

    async def claims(self, token: str, kind: str = "JWT") -> dict[str, Any]:
        """What a token of ours says, verified with what we publish."""
        with warnings.catch_warnings():
            # RFC 9864 calls it Ed25519; what applications know is the name of before.
            warnings.simplefilter("ignore", SecurityWarning)
            read = jwt.decode(token, await self.keys(), algorithms=["ES256", "EdDSA", "RS256"])
        assert read.header["typ"] == kind
        return dict(read.claims)


@dataclass
class Said:
    """An answer to a program."""

    answer: Answer

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def body(self) -> Any:
        return json.loads(self.answer.body) if self.answer.body else None

    @property
    def error(self) -> str:
        """The code of a refusal."""
        assert self.status >= 400, self.body
        return str(self.body["error"])


def answer_of(answer: Answer, back: str = BACK) -> dict[str, str]:
    """The parameters that a redirect brings to the application."""
    assert answer.status == 303, (answer.status, answer.body[:800])
    location = answer.headers["location"]
    assert location.startswith(back), location
    return dict(parse_qsl(urlsplit(location).query, keep_blank_values=True))


async def relying(deployment: Deployment, kind: Kind = Kind.WEB, **changes: Any) -> Relying:
    """An application with a secret, where its kind has one."""
    desk = application_desk(deployment.hub)
    addresses = Addresses() if kind is Kind.MACHINE else Addresses((BACK,), (GONE,), "https://app.example/logout")
    made = await create(desk, Wish("Fieldbook", kind, **{"addresses": addresses, **changes}), OPERATOR)
    return Relying(deployment, made, desk)


@dataclass
class Company:
    """An organization with its first administrator, signed in."""

    hub: Hub
    organization: Organization
    admin: Member
    browser: Browser

    async def somebody(self, app: Any, email: str, role: Role = Role.USER) -> tuple[Member, Browser]:
        """Another member, signed in in a browser of her own."""
        account, cookies = await member(self.hub, self.organization, email, role)
        found = await self.hub.stores.members.by_account(self.organization.id, account.id)
        assert found is not None
        return found, Browser(app, dict(cookies))


async def company(deployment: Deployment, name: str = "Acme", external_id: str | None = None) -> Company:
    """An organization that its administrator has open."""
    hub, domain = deployment.hub, f"{name.lower()}.example"
    account, cookies = await person(hub, f"ada@{domain}", "Ada Byron")
    joiner = Joiner(account.id, account.email, account.name)
    first = await found_organization(hub.roster, name, Plan.ENTERPRISE, joiner, HERE.address)
    organization = await hub.stores.organizations.by_id(first.organization_id)
    assert organization is not None
    if external_id is not None:
        organization = await hub.registrar.update(replace(organization, external_id=external_id), OPERATOR)
    await entered(hub, account, cookies, organization)
    return Company(hub, organization, first, Browser(deployment.app, dict(cookies)))


def assertion(relying: Relying, key: ECKey, **changes: Any) -> str:
    """What a client with a key of its own proves itself by."""
    now = int(time())
    claims = {
        "iss": relying.client_id, "sub": relying.client_id, "aud": relying.issuer, "iat": now, "exp": now + 60,
        "jti": f"j{time()}", **changes,
    }  # fmt: skip
    header = {"alg": "ES256", "kid": key.kid}
    return jwt.encode(header, {name: value for name, value in claims.items() if value is not None}, key)


async def later(deployment: Deployment, seconds: int) -> None:
    """Time passes for the provider, and for nobody else."""
    provider = deployment.serving._oauth
    assert provider is not None
    was = provider.ground.desk.clock
    object.__setattr__(provider.ground.desk, "clock", lambda: was() + seconds * 1_000_000)
