"""Sign-in, a fresh proof and back-channel logout with oidc-provider."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from hallway.hub.connections.model import Connection, ConnectionState, ConnectionUpdate, Protocol, Provider
from hallway.hub.connections.openid import PRIVATE_KEY, Client, take_client
from hallway.hub.connections.service import ConnectionBook, Draft
from hallway.hub.organizations.model import Organization, Plan
from hallway.hub.organizations.proving import add as add_domain
from hallway.hub.organizations.proving import mark_proved
from hallway.journal.model import Change
from hallway.web.wiring import Hub, connection_desk
from tests.peers.joining import Joined
from tests.peers.node import NodePeer, oidc_provider
from tests.peers.simplesaml import PASSWORD
from tests.peers.visitor import Visitor
from tests.rooms.opened import OPERATOR
from tests.running import RunningHub

SECRET = "a secret: of this test/+%"


def joined(hub: RunningHub, name: str, issuer: str, authentication: str) -> Joined:
    """An organization whose people sign in at this issuer, by what it says of itself."""
    domain = f"{name.lower()}.example"

    async def act(opened: Hub) -> tuple[Organization, Connection]:
        owner = await opened.registrar.create(name, Plan.ENTERPRISE, None, OPERATOR)
        await mark_proved(opened.domain_desk, await add_domain(opened.domain_desk, owner, domain, OPERATOR), OPERATOR)
        desk = connection_desk(opened)
        draft = Draft(f"{name} sign-in", Protocol.OIDC, Provider.OTHER)
        made = await ConnectionBook(desk, OPERATOR).create(owner, draft)
        secret = "" if authentication == PRIVATE_KEY else SECRET
        made = await take_client(desk, OPERATOR, made, Client(issuer, "hallway", secret, authentication))
        active = replace(made, state=ConnectionState.ACTIVE, domains=(domain,))
        await opened.stores.database.commit(Change(owner.id, (ConnectionUpdate(made, active),)))
        return owner, active

    organization, connection = hub.act(act)
    return Joined(hub, organization, connection, domain)


@contextmanager
def acquainted(
    hub: RunningHub, directory: Path, name: str, authentication: str = "client_secret_basic", **options: Any
) -> Iterator[tuple[NodePeer, Joined]]:
    """An OpenID provider and an organization that know each other; ada and bea have accounts there."""
    claims = {"email_verified": True, "given_name": "Ada", "family_name": "Byron", "groups": ["Staff"]}
    people = {who: {**claims, "email": f"{who}@{name.lower()}.example"} for who in ("ada", "bea")}
    with oidc_provider(directory, people, {}, **options) as peer:
        there = joined(hub, name, peer.base, authentication)
        there.invite("ada")
        proof: dict[str, Any] = {"client_secret": SECRET}
        if authentication == PRIVATE_KEY:
            proof = {
                "jwks_uri": f"http://127.0.0.1:{hub.port}{urlsplit(there.url).path}/jwks",
                "token_endpoint_auth_signing_alg": "ES256",
            }
        peer.lets(
            hallway={
                **proof,
                "redirect_uris": [f"{there.url}/callback"],
                "post_logout_redirect_uris": [f"{there.url}/logout"],
                "token_endpoint_auth_method": authentication,
                "backchannel_logout_uri": f"http://127.0.0.1:{hub.port}{urlsplit(there.url).path}/backchannel-logout",
                "backchannel_logout_session_required": True,
            }
        )
        yield peer, there


def signed_in(there: Joined, who: str = "ada") -> Visitor:
    """Somebody who typed her name and password there."""
    visitor = Visitor()
    visitor.get(f"{there.url}?next=/settings/members")
    assert visitor.has("username"), (visitor.hops, visitor.text[:800])
    return visitor.submit("username", username=who, password=PASSWORD)


@pytest.mark.parametrize("authentication", ["client_secret_basic", "client_secret_post", PRIVATE_KEY])
def test_she_is_in(hub: RunningHub, tmp_path: Path, authentication: str) -> None:
    with acquainted(hub, tmp_path, authentication.replace("_", ""), authentication) as (_, there):
        visitor = signed_in(there)
        assert (visitor.status, visitor.path) == (200, "/settings/members"), (visitor.hops, visitor.text[:800])
        assert there.attempts() == [("accepted", "", "sign_in", f"ada@{there.domain}")]
        assert there.member(f"ada@{there.domain}").name == "Ada Byron"
        # Her session there signs her in again without a word, and so does the form for addresses.
        visitor.jar["hub.localhost"].clear()
        visitor.get(f"{there.base}/sign-in/sso")
        visitor.submit("email", email=f"ada@{there.domain}")
        assert "hub_session" in visitor.jar["hub.localhost"], (visitor.hops, visitor.text[:800])


def test_claims_may_come_from_userinfo_alone(hub: RunningHub, tmp_path: Path) -> None:
    with acquainted(hub, tmp_path, "Userinfo", conformIdTokenClaims=True) as (_, there):
        visitor = signed_in(there)
        assert visitor.path == "/settings/members", (visitor.hops, visitor.text[:800])
        assert there.member(f"ada@{there.domain}").name == "Ada Byron"


def test_who_is_no_member_or_cancels_is_told(hub: RunningHub, tmp_path: Path) -> None:
    with acquainted(hub, tmp_path, "Strangers") as (_, there):
        stranger = signed_in(there, "bea")
        assert stranger.status == 403 and "nobody_here" in stranger.text, (stranger.hops, stranger.text[:800])
        visitor = Visitor()
        visitor.get(there.url)
        visitor.submit("username", decision="cancel")
        assert visitor.status == 403 and "hub_session" not in visitor.jar["hub.localhost"]
        assert not there.accepted()


def test_a_fresh_proof_is_typed_there(hub: RunningHub, tmp_path: Path) -> None:
    with acquainted(hub, tmp_path, "Oidcagain") as (_, there):
        visitor = signed_in(there)
        visitor.get(f"{there.base}/sign-in/again?next=/settings/members")
        visitor.post("/sign-in/again", next="/settings/members")
        assert "once more" in visitor.text, (visitor.hops, visitor.text[:800])
        visitor.submit("username", username="ada", password=PASSWORD)
        assert visitor.path == "/settings/members", (visitor.hops, visitor.text[:800])
        assert there.attempts()[0][:3] == ("accepted", "", "again")


def test_signing_out_there_ends_the_session_here(hub: RunningHub, tmp_path: Path) -> None:
    with acquainted(hub, tmp_path, "Oidcout") as (peer, there):
        visitor, other = signed_in(there), signed_in(there)
        visitor.get(f"{peer.base}/session/end")
        visitor.submit("xsrf", logout="yes")
        ended = Visitor(jar=visitor.jar)
        for _ in range(100):
            if ended.get(f"{there.base}/settings/members").path == "/sign-in":
                break
            time.sleep(0.05)
        assert ended.path == "/sign-in", (visitor.hops, visitor.text[:500])
        assert other.get(f"{there.base}/settings/members").path == "/settings/members", "of another sign-in there"


@pytest.mark.parametrize("returns_here", [False, True])
def test_signing_out_here_ends_the_session_there(hub: RunningHub, tmp_path: Path, returns_here: bool) -> None:
    with acquainted(hub, tmp_path, f"Rpout{int(returns_here)}") as (peer, there):
        there.change(oidc=replace(there.connection.oidc, returns_here=returns_here))
        visitor = signed_in(there)
        visitor.get(f"{there.base}/settings/members")
        visitor.post("/sign-out")
        assert visitor.has("xsrf"), (visitor.hops, visitor.text[:800])
        visitor.submit("xsrf", logout="yes")
        assert "hub_session" not in visitor.jar["hub.localhost"]
        if returns_here:
            assert visitor.path == "/sign-in" and "You are signed out" in visitor.text, (
                visitor.hops,
                visitor.text[:800],
            )
        else:
            assert peer.base in visitor.hops[-1], visitor.hops
        visitor.get(there.url)
        assert visitor.has("username"), "the session there has ended: it asks again"
