"""Fieldbook's accounts: what events do to them, in whatever order and however often they come."""

from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from examples.fieldbook.accounts import Accounts
from examples.fieldbook.database import opened
from hallway.client import Batch, Ended, Event, Identity, OrganizationRef, Snapshot, Visitor
from hallway.oidc.logout import Logout
from tests.client import hub

ISS = "http://hub.localhost:8000"
ACME = OrganizationRef("org_1", "acme", "Acme")
ADA = {"id": "mem_ada", "email": "ada@acme.example", "name": "Ada Byron", "role": "user", "state": "active"}


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[Accounts]:
    with closing(opened(str(tmp_path / "fieldbook.db"))) as database:
        yield Accounts(database, ISS)


def identity(sub: str = "mem_ada", organization: OrganizationRef = ACME, **changes: Any) -> Identity:
    usual: dict[str, Any] = {
        "issuer": ISS, "subject": sub, "organization": organization, "role": "user", "email": "ada@acme.example",
        "email_verified": True, "name": "Ada Byron", "groups": ("Surveyors",), "connection": None, "methods": ("pwd",),
        "authenticated_at": None, "session_id": f"hub-session-of-{sub}", "id_token": "the.id.token",
    }  # fmt: skip
    return Identity(**{**usual, **changes})


def event(number: int, kind: str = "member.deactivated", **changes: Any) -> Event:
    return msgspec.convert(hub.event(number, kind, **changes), Event)


def member(number: int, kind: str, **changes: Any) -> Event:
    """An event that leaves Ada so."""
    return event(number, kind, member_after={**ADA, **changes}, after={**ADA, **changes})


async def seen(accounts: Accounts, key: str = "k1") -> str:
    """How the door sees a session."""
    match await accounts.found(key):
        case Visitor(name=name, role=role, groups=groups):
            return f"{name}, {role}, {', '.join(groups)}"
        case Ended(sentence):
            return sentence
        case _:
            return "nobody"


async def taken(accounts: Accounts, *events: Event) -> None:
    await accounts.take(Batch(events, events[-1].cursor))


async def parts(*items: dict[str, Any]) -> AsyncIterator[Snapshot]:
    whole = {"items": [{"kind": "organization", **hub.ACME, "sequence": 40}, *items], "cursor": "c40", "next": None}
    yield msgspec.convert(whole, Snapshot)


async def test_an_account_is_made_by_whoever_is_first(accounts: Accounts) -> None:
    await taken(accounts, member(1, "member.added", role="admin"))
    assert await accounts.begin("k1", identity(role="user")) is None
    assert await seen(accounts) == "Ada Byron, admin, Surveyors", "the feed's word on the role stands"
    assert await accounts.begin("k2", identity("mem_bea", name="Bea")) is None
    assert await seen(accounts, "k2") == "Bea, user, Surveyors", "she signed in before the feed told of her"
    assert await seen(accounts, "k3") == "nobody"


async def test_a_change_shows_at_the_next_request(accounts: Accounts) -> None:
    await accounts.begin("k1", identity())
    await taken(
        accounts,
        member(2, "user.updated", name="Ada King"),
        member(3, "member.role_changed", role="admin", name="Ada King"),
    )
    assert await seen(accounts) == "Ada King, admin, Surveyors"


async def test_a_leavers_sessions_end_and_the_hub_is_told_how_many(accounts: Accounts) -> None:
    for key in ("k1", "k2"):
        await accounts.begin(key, identity())
    # Her directory's user is told of first: the row refuses her from there on, and what ended is counted once.
    await taken(accounts, event(4, "user.deactivated"))
    told = await seen(accounts)
    assert told.startswith("Your organization's directory ended your access at 10:02 UTC.")
    await taken(accounts, event(5))
    assert await seen(accounts) == told
    (receipt,) = await accounts.owed()
    assert (receipt.event, [(one.what, one.count) for one in receipt.did]) == ("evt_5", [("sessions_ended", 2)])
    await accounts.sent(receipt)
    assert await accounts.owed() == [] and await accounts.cursor() == "c5"
    again = await accounts.begin("k3", identity())
    assert again is not None and again.sentence.startswith("Your access to Acme has ended.")


async def test_the_same_event_again_changes_nothing(accounts: Accounts) -> None:
    await accounts.begin("k1", identity())
    await taken(accounts, event(5))
    await accounts.sent((await accounts.owed())[0])
    await taken(accounts, member(6, "member.reactivated"))
    await accounts.begin("k2", identity())
    await taken(accounts, event(5))
    assert await seen(accounts, "k2") == "Ada Byron, user, Surveyors" and await accounts.owed() == []


async def test_a_late_event_does_not_bring_back_what_was(accounts: Accounts) -> None:
    await accounts.begin("k1", identity())
    await taken(accounts, member(9, "member.role_changed", role="guest"))
    await taken(accounts, member(8, "member.role_changed", role="admin"))
    assert await seen(accounts) == "Ada Byron, guest, Surveyors"


async def test_a_removed_member_has_no_account_to_enter_by(accounts: Accounts) -> None:
    await accounts.begin("k1", identity())
    await taken(accounts, event(5, "member.removed", member_after=None, after=None))
    assert "ended your access" in await seen(accounts)
    assert [(row["sub"], row["state"]) for row in accounts.of("org_1")] == [("mem_ada", "removed")]


async def test_sessions_end_and_she_may_come_in_again(accounts: Accounts) -> None:
    await accounts.begin("k1", identity())
    await taken(accounts, member(5, "member.sessions_ended"))
    assert (await seen(accounts)).startswith("An administrator ended your sessions at 10:02 UTC.")
    assert [one.did[0].count for one in await accounts.owed()] == [1]
    assert await accounts.begin("k2", identity()) is None
    assert (await seen(accounts, "k2")).startswith("Ada Byron")


async def test_signing_out_at_the_hub_ends_what_began_with_that_session(accounts: Accounts) -> None:
    await accounts.begin("k1", identity())
    await accounts.begin("k2", identity(session_id="another"))
    await taken(accounts, member(5, "member.signed_out"))
    signed_out = event(6, "member.signed_out", member_after=ADA, facts={"sid": "another", "applications": ["app_1"]})
    await taken(accounts, signed_out)
    assert (await seen(accounts)).startswith("Ada Byron") and await seen(accounts, "k2") == "You signed out."
    assert await accounts.owed() == []


async def test_a_forged_address_opens_nothing(accounts: Accounts) -> None:
    await accounts.begin("k1", identity())
    beta = OrganizationRef("org_2", "beta", "Beta")
    await accounts.begin("k2", identity("mem_mallory", beta, role="admin"))
    found = await accounts.found("k2")
    assert isinstance(found, Visitor) and (found.member, found.organization.id) == ("mem_mallory", "org_2")
    assert [row["sub"] for row in accounts.of("org_1")] == ["mem_ada"]
    # Nor does an event of Beta about that address touch Ada.
    of_beta = event(7, organization={"id": "org_2", "external_id": "beta"}, member="mem_mallory")
    await taken(accounts, of_beta)
    assert (await seen(accounts)).startswith("Ada Byron") and "ended" in await seen(accounts, "k2")


async def test_a_suspended_organization_waits_outside(accounts: Accounts) -> None:
    await accounts.begin("k1", identity())
    for number, kind, wanted in (
        (3, "organization.suspended", "Acme is suspended."),
        (4, "organization.resumed", "Ada"),
    ):
        await taken(accounts, event(number, kind, member=None, member_after=None, facts={"name": "Acme"}))
        assert (await seen(accounts)).startswith(wanted)


async def test_groups_follow_the_feed(accounts: Accounts) -> None:
    await accounts.begin("k1", identity())
    for number, side, wanted in ((3, "added", "Divers, Surveyors"), (4, "removed", "Surveyors")):
        facts = {"displayName": "Divers", side: ["user_1", "user_2"], "members": {"user_1": "mem_ada"}}
        await taken(accounts, event(number, "group.members_changed", member=None, member_after=None, facts=facts))
        assert await seen(accounts) == f"Ada Byron, user, {wanted}"


async def test_a_snapshot_takes_over_and_ends_who_is_not_in_it(accounts: Accounts) -> None:
    await accounts.begin("k1", identity())
    await accounts.begin("k2", identity("mem_bea", name="Bea"))
    groups = [{"id": "group_1", "name": "Divers"}]
    kept = {"kind": "member", **ADA, "organization": "org_1", "role": "admin", "sequence": 40, "groups": groups}
    await accounts.begin_again("c40", parts(kept))
    assert await seen(accounts) == "Ada Byron, admin, Divers"
    assert await seen(accounts, "k2") == "Your access has ended." and await accounts.cursor() == "c40"
    await taken(accounts, member(39, "member.role_changed", role="guest"))
    assert (await seen(accounts)).startswith("Ada Byron, admin"), "the snapshot already showed it"


async def test_who_signs_out_is_forgotten(accounts: Accounts) -> None:
    await accounts.begin("k1", identity())
    assert await accounts.end("k1") == "the.id.token" and await accounts.end("k1") == ""
    for logout in (Logout(ISS, "mem_ada", "", "t", 0), Logout(ISS, "", "hub-session-of-mem_ada", "t", 0)):
        await accounts.begin(logout.subject + logout.session_id, identity())
        await accounts.end_by(logout)
        assert await seen(accounts, logout.subject + logout.session_id) == "You signed out."


async def test_a_batch_is_taken_whole_or_not_at_all(accounts: Accounts) -> None:
    await accounts.begin("k1", identity())
    broken = msgspec.structs.replace(event(6), at=None)
    with pytest.raises(TypeError):
        await taken(accounts, event(5), broken)
    assert (await seen(accounts)).startswith("Ada Byron") and await accounts.cursor() is None


async def test_an_open_page_hears_of_it(accounts: Accounts) -> None:
    version = accounts.version
    assert not await accounts.changed(version, 0)
    await taken(accounts, event(5))
    assert await accounts.changed(version, 60)


async def test_a_database_of_before_the_reason_was_kept_goes_on(tmp_path: Path) -> None:
    path = str(tmp_path / "fieldbook.sqlite3")
    with closing(opened(path)) as old:
        old.execute("ALTER TABLE account DROP COLUMN why")
    with closing(opened(path)) as database:
        accounts = Accounts(database, ISS)
        assert await accounts.begin("k1", identity()) is None
        await taken(accounts, event(4, "user.deactivated"))
        assert (await seen(accounts)).startswith("Your organization's directory ended your access")
