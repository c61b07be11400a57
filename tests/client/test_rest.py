"""The REST calls of the client: what is asked, what an answer becomes, what a refusal is."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from hallway.client import ApiProblem, CursorExpired, Did, LinkWish, Receipt, Unreachable, Wanted
from tests.client.conftest import Client
from tests.client.hub import ACME, FakeHub, event

ADA = {"id": "mem_ada", "organization": "org_1", "email": "ada@acme.example", "role": "admin", "state": "active"}


def test_a_list_is_walked_to_its_end(hub: FakeHub, client: Client) -> None:
    path = "/api/v1/organizations/org_1/members"
    hub.answers[path] = [
        (200, {"items": [ADA], "next": "p2"}),
        (200, {"items": [{**ADA, "id": "mem_bea"}], "next": None}),
    ]
    assert [one.id for one in client.do("members", "org_1")] == ["mem_ada", "mem_bea"]
    assert [asked[2] for asked in hub.asked] == [{}, {"after": ["p2"]}]
    assert {asked[3]["authorization"] for asked in hub.asked} == {"Bearer hw_api_1"}


def test_what_a_later_hub_adds_is_ignored_and_what_is_wrong_is_not(hub: FakeHub, client: Client) -> None:
    path = "/api/v1/organizations/org_1/members/mem_ada"
    hub.answers[path] = [(200, {**ADA, "shoe_size": 39}), (200, {**ADA, "role": 7}), (200, b"<html>")]
    found = client.do("member", "org_1", "mem_ada")
    assert (found.role, found.may_enter) == ("admin", True)
    for _ in range(2):
        with pytest.raises(Unreachable, match="not understood"):
            client.do("member", "org_1", "mem_ada")


def test_an_id_stays_within_its_part_of_the_path(hub: FakeHub, client: Client) -> None:
    with pytest.raises(ApiProblem):
        client.do("member", "org_1", "../../org_2/members/mem_bea")
    assert hub.paths() == ["GET /api/v1/organizations/org_1/members/..%2F..%2Forg_2%2Fmembers%2Fmem_bea"]


@pytest.mark.parametrize("state", ["deactivated", "invited", "a state of a later Hub"])
def test_only_an_active_member_may_enter(hub: FakeHub, client: Client, state: str) -> None:
    hub.answers["/api/v1/organizations/org_1/members/mem_ada"] = [(200, {**ADA, "state": state})]
    assert not client.do("member", "org_1", "mem_ada").may_enter


def test_organizations_are_found_by_the_applications_own_id(hub: FakeHub, client: Client) -> None:
    hub.answers["/api/v1/organizations"] = [(200, {"items": [ACME], "next": None}), (201, ACME)]
    (found,) = client.do("organizations", "acme")
    assert client.do("create_organization", "Acme", "acme") == found
    assert hub.asked[0][2] == {"external_id": ["acme"]} and hub.asked[1][4] == {"name": "Acme", "external_id": "acme"}


def test_every_post_has_an_idempotency_key_of_its_own(hub: FakeHub, client: Client) -> None:
    link = {"id": "link_1", "expires_at": "2026-11-24T10:07:00Z"}
    hub.answers["/api/v1/setup-links"] = [(201, {"setup_link": link, "url": "http://hub.localhost/setup/x"})]
    wish = LinkWish("org_1", ("sso",), "https://app.example/settings")
    assert client.do("create_setup_link", wish).url == "http://hub.localhost/setup/x"
    client.do("create_setup_link", wish)
    keys = [asked[3]["idempotency-key"] for asked in hub.asked]
    assert keys[0] != keys[1] and min(map(len, keys)) >= 32
    assert hub.asked[0][4] == {
        "organization": "org_1", "tasks": ["sso"], "return_url": "https://app.example/settings",
        "success_url": None, "expires_in": 300,
    }  # fmt: skip


def test_events_are_read_behind_a_cursor(hub: FakeHub, client: Client) -> None:
    hub.answers["/api/v1/events"] = [(200, {"items": [event(7)], "next": "c7"})]
    told = client.do("events", "c6", Wanted(("member.*", "user.updated"), "org_1", 50, 20))
    assert told.next == "c7"
    (found,) = told.items
    assert found.at == datetime(2026, 11, 24, 10, 2, 0, 250000, UTC)
    assert (found.member_before.state, found.member_after.state) == ("active", "deactivated")
    assert (found.cause.actor.name, found.facts) == ("Okta", {"reason": "directory"})
    assert hub.asked[0][2] == {
        "after": ["c6"], "type": ["member.*", "user.updated"], "organization": ["org_1"],
        "limit": ["50"], "wait": ["20"],
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["user.updated", "organization.deleted"])
def test_what_other_things_were_is_no_member(hub: FakeHub, client: Client, kind: str) -> None:
    hub.answers["/api/v1/events"] = [(200, {"items": [event(7, kind)], "next": "c7"})]
    (found,) = client.do("events", "c6").items
    assert (found.member_before, found.member, found.before["id"]) == (None, "mem_ada", "mem_ada")


def test_a_member_who_is_none_is_not_made_up(hub: FakeHub, client: Client) -> None:
    odd = event(7, before={"email": 1}, member_after=None)
    hub.answers["/api/v1/events"] = [(200, {"items": [odd], "next": "c7"})]
    (found,) = client.do("events", "c6").items
    assert (found.member_after, found.member_before) == (None, None)


def test_a_cursor_that_is_gone_has_a_name_of_its_own(hub: FakeHub, client: Client) -> None:
    hub.answers["/api/v1/events"] = [(410, {"code": "cursor_gone", "title": "Begin again", "snapshot": "…"})]
    with pytest.raises(CursorExpired, match="Begin again"):
        client.do("events", "c6")


def test_a_snapshot_has_organizations_and_their_members(hub: FakeHub, client: Client) -> None:
    items = [{"kind": "organization", **ACME, "sequence": 9}, {"kind": "member", **ADA, "sequence": 7}]
    hub.answers["/api/v1/snapshot"] = [(200, {"items": items, "cursor": "c9", "next": None})]
    found = client.do("snapshot", "p1")
    assert [one.name for one in found.organizations] == ["Acme"]
    assert [(one.id, one.organization, one.sequence) for one in found.members] == [("mem_ada", "org_1", 7)]
    assert hub.asked[0][2] == {"after": ["p1"]}


def test_a_receipt_says_what_was_done(hub: FakeHub, client: Client) -> None:
    hub.answers["/api/v1/receipts"] = [(201, {"id": "rcpt_1"})]
    at = datetime(2026, 11, 24, 10, 2, 3, tzinfo=UTC)
    client.do("send_receipt", Receipt("evt_7", (Did("sessions_ended", 2),), at))
    did = [{"what": "sessions_ended", "count": 2}]
    assert hub.asked[0][4] == {"event": "evt_7", "did": did, "at": "2026-11-24T10:02:03Z"}


def test_anything_else_can_be_called(hub: FakeHub, client: Client) -> None:
    hub.answers["/api/v1/roles"] = [(200, {"items": []})]
    assert client.do("call", "GET", "/roles") == {"items": []}


@pytest.mark.parametrize(
    ("status", "document", "code", "sentence", "passing"),
    [
        (403, {"code": "forbidden", "title": "No.", "detail": "Ask."}, "forbidden", "No. Ask.", False),
        (429, {"code": "too_many_requests"}, "too_many_requests", "The Hub answered 429.", True),
        (502, b"<html>", "http_502", "The Hub answered 502.", True),
        (400, ["?"], "http_400", "The Hub answered 400.", False),
        (302, b"", "http_302", "The Hub answered 302.", False),
    ],
)  # fmt: skip
def test_a_refusal_has_a_code_and_a_sentence(
    hub: FakeHub, client: Client, status: int, document: Any, code: str, sentence: str, passing: bool
) -> None:
    hub.answers["/api/v1/roles"] = [(status, document)]
    with pytest.raises(ApiProblem) as refused:
        client.do("call", "GET", "/roles")
    assert (refused.value.code, str(refused.value), refused.value.is_passing) == (code, sentence, passing)
    assert refused.value.retry_after == (7 if status == 429 else None)


def test_a_hub_that_is_not_there_is_unreachable(hub: FakeHub, make_client: Callable[..., Client]) -> None:
    for client in (make_client(hub="http://hub.localhost:9"), make_client(hub="http://127.0.0.1:9")):
        with pytest.raises(Unreachable):
            client.do("call", "GET", "/roles")
    hub.down = True
    with pytest.raises(Unreachable):
        make_client().do("call", "GET", "/roles")


def test_a_certificate_is_judged(hub: FakeHub, make_client: Callable[..., Client]) -> None:
    with pytest.raises(Unreachable):
        make_client(hub=f"https://127.0.0.1:{hub.port}").do("call", "GET", "/roles")


def test_an_answer_has_an_end(hub: FakeHub, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("blocking", "asynchronous"):
        monkeypatch.setattr(f"hallway.client.{name}.MOST_BYTES", 100)
    hub.answers["/api/v1/roles"] = [(200, b"[" + b"1," * 100 + b"1]")]
    with pytest.raises(Unreachable, match="more than 100 bytes"):
        client.do("call", "GET", "/roles")
