"""The client and a real Hub: what the tests' own Hub answers elsewhere is what this one does."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from hallway.client import (
    ApiProblem,
    Application,
    CursorExpired,
    Did,
    HubClient,
    LinkWish,
    Receipt,
    Wanted,
    WebhookRefused,
    verified,
)
from hallway.delivery.signature import SigningSecret, signed_headers
from hallway.hub.applications.api_keys import create as create_key
from hallway.hub.organizations.inviting import Wish, invite
from hallway.web.wiring import Hub, key_desk
from tests.client.test_webhook import body
from tests.running import ACTOR, RunningHub, sqlite_url

RETURN = "https://app.example/settings"
SCOPES = (
    "organizations:read", "organizations:write", "members:read", "members:write", "events:read", "receipts:write",
    "setup_links:write",
)  # fmt: skip


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    hub = RunningHub(sqlite_url(tmp_path_factory.mktemp("hub")), {"HALLWAY_SETUP_RETURN_URLS": RETURN})
    hub.environ["HALLWAY_BASE_URL"] = f"http://hub.localhost:{hub.port}"
    hub.start()
    yield hub
    hub.stop()


@pytest.fixture
def client(running: RunningHub) -> HubClient:
    async def act(hub: Hub) -> str:
        return (await create_key(key_desk(hub), "Fieldbook", SCOPES, None, ACTOR)).text

    application = Application(
        running.environ["HALLWAY_BASE_URL"], "app_1", "s", "https://app.example/c", running.act(act)
    )
    return HubClient(application)


def test_organizations_and_members(running: RunningHub, client: HubClient) -> None:
    made = client.create_organization("Acme", "acme")
    assert [one.id for one in client.organizations("acme")] == [made.id] and made.external_id == "acme"
    assert client.call("POST", f"/organizations/{made.id}/members", {"email": "ada@acme.example", "role": "user"})
    (ada,) = client.members(made.id)
    assert (ada.email, ada.role, ada.may_enter) == ("ada@acme.example", "user", False)
    assert client.member(made.id, ada.id).id == ada.id
    with pytest.raises(ApiProblem) as refused:
        client.member(made.id, "mem_" + "0" * 32)
    assert (refused.value.status, refused.value.code) == (404, "not_found")


def test_a_set_up_link_is_an_address_to_go_to(client: HubClient) -> None:
    made = client.create_organization("Brook")
    link = client.create_setup_link(LinkWish(made.id, ("domain", "sso", "directory"), RETURN, f"{RETURN}?done"))
    assert link.url.startswith(client.application.hub) and link.expires_at > datetime.now(UTC)
    with pytest.raises(ApiProblem) as refused:
        client.create_setup_link(LinkWish(made.id, ("sso",), "https://elsewhere.example"))
    assert refused.value.code == "invalid"


def test_a_leaver_comes_by_the_feed_and_is_confirmed(running: RunningHub, client: HubClient) -> None:
    made = client.create_organization("Creek")
    cursor = client.snapshot().cursor

    async def act(hub: Hub) -> str:
        owner = await hub.registrar.found(made.id)
        member = await invite(hub.roster, owner, Wish("bea@creek.example"), ACTOR)
        return str(member)

    running.act(act)
    wanted = Wanted(("member.*",), made.id, wait=20)
    told = client.events(cursor, wanted)
    (event,) = told.items
    assert (event.type, event.organization.id, event.may_enter) == ("member.invited", made.id, False)
    assert event.member_after is not None and event.member_after.email == "bea@creek.example"
    assert client.events(told.next, Wanted(("member.*",), made.id)).items == []
    receipt = Receipt(event.id, (Did("sessions_ended", 2),), datetime.now(UTC))
    client.send_receipt(receipt)
    client.send_receipt(receipt)
    with pytest.raises(ApiProblem) as refused:
        client.send_receipt(Receipt("evt_" + "0" * 32, (Did("sessions_ended"),), datetime.now(UTC)))
    assert refused.value.status == 404
    whole = client.snapshot()
    assert {"Creek"} <= {one.name for one in whole.organizations}
    assert "bea@creek.example" in {one.email for one in whole.members}


def test_a_cursor_of_another_epoch_is_expired(client: HubClient) -> None:
    cursor = client.snapshot().cursor
    elsewhere = ("B" if cursor[0] != "B" else "C") + cursor[1:]
    with pytest.raises(CursorExpired):
        client.events(elsewhere)
    assert client.events("now").items == []


def test_what_the_hub_signs_is_taken_by_either_secret() -> None:
    secrets = [SigningSecret(bytes([one]) * 32, 1) for one in (1, 2)]
    headers = dict(signed_headers("evt_7", 1_764_072_000, body(), secrets))
    for secret in secrets:
        assert verified(headers, body(), (secret.text,), 1_764_072_000).id == "evt_7"
    with pytest.raises(WebhookRefused):
        verified(headers, body(), (SigningSecret(bytes(32), 1).text,), 1_764_072_000)
