"""An administrator sets single sign-on up in Chromium, with an identity provider that nobody here wrote."""

import json
import re
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

from playwright.sync_api import Page, expect

from hallway.hub.connections.model import ConnectionUpdate
from hallway.hub.organizations.model import Plan
from hallway.hub.organizations.proving import add as add_domain
from hallway.hub.organizations.proving import mark_proved
from hallway.ids import ConnectionId
from hallway.journal.model import Change
from hallway.web.wiring import Hub, clock
from tests.browser.conftest import NARROW, OpenWindow
from tests.browser.test_journeys import looked_at, registered
from tests.browser.test_single_sign_on import BY_ADDRESS
from tests.peers.node import oidc_provider
from tests.peers.simplesaml import PASSWORD, simplesaml
from tests.rooms.opened import OPERATOR
from tests.running import RunningHub

DOMAIN = "theta.example"


def proved(hub: RunningHub, name: str, domain: str) -> None:
    """The plan and the domain, as an operator sees to them."""

    async def act(opened: Hub) -> None:
        (owner,) = [one for one in await opened.stores.organizations.all() if one.name == name]
        await opened.registrar.update(replace(owner, plan=Plan.ENTERPRISE), OPERATOR)
        await mark_proved(opened.domain_desk, await add_domain(opened.domain_desk, owner, domain, OPERATOR), OPERATOR)

    hub.act(act)


def read_anew(hub: RunningHub, connection_id: ConnectionId, finding: str, **says: object) -> None:
    """What the provider says of itself is read again: other things than before, or nothing at all."""

    async def act(opened: Hub) -> None:
        was = await opened.stores.connections.located(connection_id)
        assert was is not None
        newer = json.dumps({**json.loads(was.oidc.discovery), **says}) if says else ""
        settings = replace(was.oidc, finding=finding, staged=newer, staged_at=clock() if says else None)
        now = replace(was, oidc=settings, version=was.version + 1)
        await opened.stores.database.commit(Change(was.organization_id, (ConnectionUpdate(was, now),)))

    hub.act(act)


def typed(page: Page, name: str) -> None:
    """Past the provider's form."""
    page.locator("#username").fill(name)
    page.locator("#password").fill(PASSWORD)
    page.locator("#password").press("Enter")


def test_single_sign_on_is_set_up_tested_and_turned_on(hub: RunningHub, window: OpenWindow, tmp_path: Path) -> None:
    people = {
        name: {"mail": [f"{name}@{DOMAIN}"], "givenName": [name.title()], "sn": ["Day"]} for name in ("ada", "bea")
    }
    with simplesaml(tmp_path, people, **BY_ADDRESS) as peer:
        visitor = window()
        page = registered(visitor, f"ada@{DOMAIN}", "Theta")
        proved(hub, "Theta", DOMAIN)
        visitor.open("/settings/sso")
        page.get_by_role("link", name="Setup SSO").first.click()
        page.get_by_label("Connection name").fill("Theta in SimpleSAMLphp")
        page.get_by_label("Another provider by SAML 2.0").check()
        looked_at(visitor, "sso-new")
        page.get_by_role("button", name="Add connection").click()
        root = re.sub(r"^https?://[^/]+", "", page.url)
        looked_at(visitor, "sso-tasks")
        visitor.open(f"{root}/guide")
        looked_at(visitor, "sso-guide")
        ours = page.locator("input[value$='/metadata']").first.input_value()
        with urlopen(ours.replace("hub.localhost", "127.0.0.1"), timeout=20) as answer:
            peer.service.write_bytes(answer.read())
        visitor.open(f"{root}/metadata")
        page.locator("textarea[name='given']").fill(f"{peer.base}/saml2/idp/metadata.php")
        looked_at(visitor, "sso-metadata")
        page.get_by_role("button", name="Save").click()
        visitor.open(f"{root}/domains")
        page.get_by_label("Domains", exact=True).fill(DOMAIN)
        page.get_by_role("button", name="Save domains").click()
        visitor.open(root)
        page.get_by_role("button", name="Test sign-in").click()
        typed(page, "ada")
        expect(page.get_by_text("This person would be signed in")).to_be_visible()
        looked_at(visitor, "sso-tested")
        page.get_by_role("link", name="Back to the connection").click()
        page.get_by_role("button", name="Turn on").click()
        expect(page.get_by_text("Last test that was accepted")).to_be_visible()
        looked_at(visitor, "sso-on")
        page.get_by_role("link", name="Members").first.click()
        page.get_by_role("link", name="Invite people").click()
        page.get_by_label("E-mail addresses").fill(f"bea@{DOMAIN}")
        page.get_by_role("button", name="Invite").click()
        expect(page.get_by_text(f"bea@{DOMAIN}").first).to_be_visible()
        colleague = window(NARROW, "dark")
        colleague.open("/sign-in/sso")
        colleague.page.get_by_label("Your e-mail address at work").fill(f"bea@{DOMAIN}")
        colleague.page.get_by_role("button", name="Go on").click()
        typed(colleague.page, "bea")
        expect(colleague.page.get_by_role("heading", name="Members", exact=True)).to_be_visible()
        visitor.open(root)
        expect(page.get_by_text(f"bea@{DOMAIN}").first).to_be_visible()
        looked_at(visitor, "sso-used")


def test_openid_is_set_up_by_a_key_of_ours_tested_and_turned_on(
    hub: RunningHub, window: OpenWindow, tmp_path: Path
) -> None:
    domain = "iota.example"
    people = {"ada": {"email": f"ada@{domain}", "email_verified": True, "given_name": "Ada", "family_name": "Day"}}
    with oidc_provider(tmp_path, people, {}) as peer:
        visitor = window()
        page = registered(visitor, f"ada@{domain}", "Iota")
        proved(hub, "Iota", domain)
        visitor.open("/connections/new")
        page.get_by_label("Connection name").fill("Iota by OpenID")
        page.get_by_label("Another provider by OpenID Connect").check()
        page.get_by_role("button", name="Add connection").click()
        root = re.sub(r"^https?://[^/]+", "", page.url)
        looked_at(visitor, "sso-openid-tasks")
        visitor.open(f"{root}/guide")
        looked_at(visitor, "sso-openid-guide")
        back = page.locator("input[value$='/callback']").first.input_value()
        visitor.open(f"{root}/metadata")
        page.get_by_label("Issuer").fill(peer.base)
        page.get_by_label("Client ID").fill("hallway")
        page.get_by_label("How we prove that we are the client").select_option("private_key_jwt")
        page.get_by_label("The provider knows our sign-out address").check()
        page.get_by_text("For the provider: our sign-out addresses, and our key").click()
        looked_at(visitor, "sso-openid-client")
        out = page.locator("#post-logout").input_value()
        page.get_by_role("button", name="Save").click()
        looked_at(visitor, "sso-openid-known")
        visitor.open(f"{root}/metadata")
        looked_at(visitor, "sso-openid-client-known")
        keys = page.locator("#jwks-uri").input_value()
        peer.lets(
            hallway={
                "jwks_uri": keys.replace("hub.localhost", "127.0.0.1"),
                "token_endpoint_auth_method": "private_key_jwt",
                "token_endpoint_auth_signing_alg": "ES256",
                "redirect_uris": [back],
                "post_logout_redirect_uris": [out],
            }
        )
        visitor.open(f"{root}/domains")
        page.get_by_label("Domains", exact=True).fill(domain)
        page.get_by_role("button", name="Save domains").click()
        visitor.open(root)
        page.get_by_role("button", name="Test sign-in").click()
        typed(page, "ada")
        expect(page.get_by_text("This person would be signed in")).to_be_visible()
        looked_at(visitor, "sso-openid-tested")
        page.get_by_role("link", name="Back to the connection").click()
        page.get_by_role("button", name="Turn on").click()
        looked_at(visitor, "sso-openid-on")
        own = ConnectionId(bytes.fromhex(root.rpartition("conn_")[2]))
        read_anew(hub, own, "", token_endpoint=f"{peer.base}/elsewhere", jwks_uri=f"{peer.base}/keys")
        visitor.open(root)
        expect(page.get_by_role("listitem").filter(has_text=f"token_endpoint: {peer.base}/elsewhere")).to_be_visible()
        looked_at(visitor, "sso-openid-moved")
        read_anew(hub, own, "", id_token_signing_alg_values_supported=["RS256", "PS256", "ES256"])
        visitor.open(root)
        expect(page.get_by_text("once you save issuer and client again")).to_be_visible()
        looked_at(visitor, "sso-openid-loosens")
        read_anew(hub, own, "The provider answered 503.")
        visitor.open(root)
        expect(page.get_by_text("The provider answered 503.")).to_be_visible()
        looked_at(visitor, "sso-openid-unread")
