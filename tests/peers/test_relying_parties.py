"""The Hub as a provider, judged by relying parties of others: Authlib, openid-client, Apache's mod_auth_openidc."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from hallway.hub.applications.model import Addresses, Kind
from hallway.hub.applications.service import Made, Wish, create
from hallway.hub.organizations.founding import found_organization
from hallway.hub.organizations.inviting import Joiner
from hallway.hub.organizations.leaving import ended
from hallway.hub.organizations.members import Member, Role
from hallway.hub.organizations.model import Plan
from hallway.ids import MEMBER, wire
from hallway.journal.model import Change
from hallway.web.wiring import Hub, application_desk, clock
from tests.furnished import HERE, member, person
from tests.peers.apache import apache
from tests.peers.node import node_peer
from tests.peers.visitor import Visitor
from tests.rooms.opened import OPERATOR
from tests.running import RunningHub, free_port, sqlite_url
from tests.web.browsing import PASSWORD

BACK = "http://rp.localhost:9/callback"


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    """A Hub at an address that every library finds: names below localhost are not known to all of them."""
    running = RunningHub(sqlite_url(tmp_path_factory.mktemp("issuer")))
    running.start()
    yield running
    running.stop()


@dataclass
class Vendor:
    """A running Hub with one customer, and the vendor's application."""

    hub: RunningHub
    made: Made
    una: Member

    @property
    def issuer(self) -> str:
        return self.hub.environ["HALLWAY_BASE_URL"]

    @property
    def client(self) -> tuple[str, str]:
        return self.made.application.client_id, self.made.text

    def deactivated(self) -> None:
        """What a directory does when somebody leaves."""

        async def act(hub: Hub) -> None:
            now = await hub.stores.members.by_id(self.una.organization_id, self.una.id)
            assert now is not None
            await hub.stores.database.commit(Change(now.organization_id, ended(now, clock())[1]))

        self.hub.act(act)

    def signed_in(self, visitor: Visitor) -> Visitor:
        """Una fills in the form at which she arrived."""
        assert visitor.url.startswith(f"{self.issuer}/sign-in"), (visitor.url, visitor.text)
        return visitor.submit("password", email=self.una.email, password=PASSWORD)


_NAMES = iter(range(1000))


def vendor(hub: RunningHub, back: str, gone: str = "", **changes: Any) -> Vendor:
    """A new customer with Una in it, and a new application."""
    name = f"acme{next(_NAMES)}"

    async def act(opened: Hub) -> tuple[Made, Member]:
        account, _ = await person(opened, f"ada@{name}.example", "Ada")
        joiner = Joiner(account.id, account.email, account.name)
        first = await found_organization(opened.roster, name, Plan.ENTERPRISE, joiner, HERE.address)
        owner = await opened.stores.organizations.by_id(first.organization_id)
        assert owner is not None
        somebody, _ = await member(opened, owner, f"una@{name}.example", Role.USER)
        una = await opened.stores.members.by_account(owner.id, somebody.id)
        assert una is not None
        addresses = Addresses((back,), (gone,) if gone else ())
        wish = Wish("Fieldbook", **{"addresses": addresses, **changes})
        return await create(application_desk(opened), wish, OPERATOR), una

    return Vendor(hub, *hub.act(act))


# Authlib


class Callback(Exception):
    """The browser was sent to the application."""


class Asking(Visitor):
    """A browser that stops where it would open the application."""

    def _asked(self, method: str, url: str, body: bytes, origin: str) -> None:
        if url.startswith(BACK):
            raise Callback(url)
        super()._asked(method, url, body, origin)


def authlib(there: Vendor, key: RSAKey | None = None) -> OAuth2Session:
    client_id, secret = there.client
    method = "private_key_jwt" if key is not None else "client_secret_basic"
    session = OAuth2Session(
        client_id, secret if key is None else key, scope="openid email profile groups",
        redirect_uri=BACK, code_challenge_method="S256", token_endpoint_auth_method=method,
    )  # fmt: skip
    if key is not None:
        session.register_client_auth_method(PrivateKeyJWT(there.issuer, headers={"kid": key.kid}))
    return session


def by_authlib(there: Vendor, session: OAuth2Session, nonce: str = "n1") -> tuple[dict[str, Any], dict[str, Any]]:
    """Tokens, and the claims of the ID token as Authlib judges them."""
    found = requests.get(f"{there.issuer}/.well-known/openid-configuration", timeout=20).json()
    verifier = "v" * 60
    url, state = session.create_authorization_url(found["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
    browser = Asking()
    browser.get(url)
    with pytest.raises(Callback) as came:
        there.signed_in(browser)
    back = str(came.value)
    assert parse_qs(urlsplit(back).query)["iss"] == [there.issuer]
    tokens = session.fetch_token(
        found["token_endpoint"], authorization_response=back, code_verifier=verifier, state=state
    )
    keys = KeySet.import_key_set(requests.get(found["jwks_uri"], timeout=20).json())
    read = jwt.decode(tokens["id_token"], keys, algorithms=["ES256", "RS256"])
    options = {"iss": {"essential": True, "value": there.issuer}, "aud": {"essential": True, "value": there.client[0]}}
    params = {"nonce": nonce, "client_id": there.client[0], "access_token": tokens["access_token"]}
    judged = CodeIDToken(read.claims, read.header, options, params)
    judged.validate(leeway=60)
    return dict(tokens), dict(judged)


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_authlib_signs_somebody_in_and_notices_that_she_left(issuer: RunningHub, algorithm: str) -> None:
    there = vendor(issuer, BACK, algorithm=algorithm)
    session = authlib(there)
    tokens, claims = by_authlib(there, session)
    assert (claims["sub"], claims["role"]) == (wire(MEMBER, there.una.id), "user")
    userinfo = session.get(f"{there.issuer}/oauth2/userinfo", timeout=20).json()
    assert userinfo["email"] == there.una.email and userinfo["sub"] == claims["sub"]
    renewed = session.refresh_token(f"{there.issuer}/oauth2/token", refresh_token=tokens["refresh_token"])
    assert renewed["refresh_token"] != tokens["refresh_token"]
    told = session.introspect_token(f"{there.issuer}/oauth2/introspect", token=renewed["access_token"]).json()
    assert told["active"] is True and told["sub"] == claims["sub"]
    there.deactivated()
    told = session.introspect_token(f"{there.issuer}/oauth2/introspect", token=renewed["access_token"]).json()
    assert told == {"active": False}
    assert session.get(f"{there.issuer}/oauth2/userinfo", timeout=20).status_code == 401
    with pytest.raises(Exception, match="invalid_grant"):
        session.refresh_token(f"{there.issuer}/oauth2/token", refresh_token=renewed["refresh_token"])


def test_authlib_proves_itself_by_a_key(issuer: RunningHub) -> None:
    key = RSAKey.generate_key(2048, {"kid": "own", "alg": "RS256", "use": "sig"})
    there = vendor(issuer, BACK, jwks=json.dumps({"keys": [key.as_dict(private=False)]}))
    _, claims = by_authlib(there, authlib(there, key))
    assert claims["sub"] == wire(MEMBER, there.una.id)


def test_authlib_gets_a_token_for_a_machine(issuer: RunningHub) -> None:
    there = vendor(issuer, BACK, addresses=Addresses(), kind=Kind.MACHINE, scopes=("organizations:read",))
    session = OAuth2Session(*there.client, scope="organizations:read")
    session.fetch_token(f"{there.issuer}/oauth2/token", grant_type="client_credentials")
    assert session.get(f"{there.issuer}/api/v1/organizations", timeout=20).status_code == 200


# openid-client


@pytest.mark.parametrize("way", ["ES256", "RS256", "EdDSA", "key"])
def test_openid_client_signs_somebody_in_and_out(issuer: RunningHub, tmp_path: Path, way: str) -> None:
    port = free_port()
    base = f"http://rp.localhost:{port}"
    key = ECKey.generate_key("P-256", {"kid": "own", "alg": "ES256", "use": "sig"})
    algorithm = "ES256" if way == "key" else way
    own = {"jwks": json.dumps({"keys": [key.as_dict(private=False)]})} if way == "key" else {}
    there = vendor(issuer, f"{base}/callback", f"{base}/gone", algorithm=algorithm, **own)
    settings: dict[str, Any] = {
        "issuer": there.issuer, "client_id": there.client[0], "secret": there.client[1], "algorithm": algorithm,
        "port": port,
    }  # fmt: skip
    if way == "key":
        settings["jwk"] = key.as_dict(private=True)
    with node_peer(tmp_path, "openid-client.mjs", settings):
        browser = Visitor()
        browser.get(f"{base}/")
        found = json.loads(there.signed_in(browser).body)
        assert found.get("claims"), found
        assert found["claims"]["sub"] == found["userinfo"]["sub"] == wire(MEMBER, there.una.id)
        renewed = json.loads(browser.get(f"{base}/refresh?token={found['refresh_token']}").body)
        assert renewed["claims"]["sub"] == found["claims"]["sub"]
        out = browser.get(f"{base}/out?{urlencode({'hint': found['id_token']})}")
        assert json.loads(out.body) == {"gone": "x"}, out.url
        refused = json.loads(browser.get(f"{base}/refresh?token={renewed['refresh_token']}").body)
        assert refused["error"] == "invalid_grant"
        browser.get(f"{base}/?prompt=none")
        assert json.loads(browser.body)["error"] == "login_required"


# mod_auth_openidc


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_mod_auth_openidc_signs_somebody_in_and_out(issuer: RunningHub, tmp_path: Path, algorithm: str) -> None:
    port = free_port()
    base = f"http://rp.localhost:{port}"
    there = vendor(issuer, f"{base}/redirect", f"{base}/gone/", algorithm=algorithm)
    with apache(tmp_path, port, there.issuer, there.client, algorithm):
        browser = Visitor()
        browser.get(f"{base}/")
        there.signed_in(browser)
        log = (tmp_path / "error.log").read_text()
        assert browser.status == 200 and "You are in." in browser.text, (browser.hops, browser.text, log[-3000:])
        browser.get(f"{base}/redirect?{urlencode({'logout': f'{base}/gone/'})}")
        assert "You are out." in browser.text, (browser.hops, browser.text)
        browser.get(f"{base}/")
        assert browser.url.startswith(f"{there.issuer}/sign-in"), browser.hops
