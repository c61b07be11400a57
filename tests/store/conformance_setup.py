"""What every store has to do with set-up links and the browsers in which they were opened.

Run by `test_conformance.py`, as `conformance.py` is.
"""

from dataclasses import replace

from hallway.hub.organizations.members import MemberState, Role
from hallway.hub.setup.model import (
    NewSetupLink,
    NewSetupSession,
    Progress,
    SetupLink,
    SetupLinkUpdate,
    SetupSession,
    SetupSessionEnd,
    Task,
)
from hallway.hub.setup.returning import Returns
from hallway.ids import ConnectionId, DirectoryId, SetupLinkId, SetupSessionId
from hallway.store.members import MemberStore
from hallway.store.setup import ConcernedStore, SetupLinkStore
from tests.store.conformance import raises_stale
from tests.store.conformance_members import ANN, added, member
from tests.store.stage import Stage


def link(stage: Stage, place: int = 0) -> SetupLink:
    """A link that is not written yet."""
    now = stage.desk.now()
    owner = stage.directories[place].organization_id
    tasks = (Task.DOMAIN, Task.DIRECTORY)
    one = SetupLinkId(stage.desk.fresh_id())
    return SetupLink(one, owner, b"h" * 32, "Ünal", tasks, "command", now, now + 10, "it@acme.example")


def session(stage: Stage, of: SetupLink, until: int = 10) -> SetupSession:
    """A browser's session that is not written yet."""
    now = stage.desk.now()
    one = SetupSessionId(stage.desk.fresh_id())
    return SetupSession(one, of.id, b"s" * 32, now, now + until, "192.0.2.1", "Browser/1")


async def holds_a_setup_link_comes_back_as_it_was_written(stage: Stage) -> None:
    """By its id and in the list, newest first; never from another organization."""
    store = SetupLinkStore(stage.database)
    first, second, other = link(stage), link(stage), link(stage, 2)
    for one in (first, second, other):
        await stage.write(NewSetupLink(one), organization=one.organization_id)
    assert await store.link(first.organization_id, first.id) == first
    assert await store.links(first.organization_id) == [second, first]
    assert await store.link(first.organization_id, other.id) is None
    assert await store.session(first.organization_id, SetupSessionId(b"x" * 16)) is None


async def holds_one_browser_leaves_a_setup_link(stage: Stage) -> None:
    """Its session goes, another organization's of the same id and every other one stay; twice does no harm."""
    store, one = SetupLinkStore(stage.database), link(stage)
    await stage.write(NewSetupLink(one))
    gone, kept = session(stage, one, 10**9), session(stage, one, 10**9)
    await stage.write(NewSetupSession(gone))
    await stage.write(NewSetupSession(kept))
    other = stage.directories[2].organization_id
    await stage.write(SetupSessionEnd(gone.id), organization=other)
    assert await store.session(one.organization_id, gone.id) == gone
    for _ in range(2):
        await stage.write(SetupSessionEnd(gone.id))
    assert await store.session(one.organization_id, gone.id) is None
    assert await store.session(one.organization_id, kept.id) == kept


async def holds_a_setup_link_is_changed_by_whoever_read_it_last(stage: Stage) -> None:
    """Every column that may change does; the second of two writers is stale; one that ended stays so."""
    returns = Returns("https://app.example/back?x=1", "https://app.example/done")
    store, was = SetupLinkStore(stage.database), replace(link(stage), returns=returns, single_use=True)
    await stage.write(NewSetupLink(was))
    assert await store.link(was.organization_id, was.id) == was
    progress = Progress("okta", DirectoryId(b"d" * 16), "acme.example", True, ConnectionId(b"c" * 16))
    now = replace(
        was, code_hash=b"c" * 32, code_at=5, code_tries=2, progress=progress, opened_at=6, version=2,
        expires_at=was.expires_at + 99,
    )  # fmt: skip
    await stage.write(SetupLinkUpdate(was, now))
    assert await store.link(was.organization_id, was.id) == now
    await raises_stale(stage, SetupLinkUpdate(was, replace(was, version=2)))
    ended = replace(now, revoked_at=9, version=3)
    await stage.write(SetupLinkUpdate(now, ended))
    await raises_stale(stage, SetupLinkUpdate(ended, replace(ended, revoked_at=None, version=4)))
    assert await store.link(was.organization_id, was.id) == ended


async def holds_sessions_of_a_setup_link_end_with_it(stage: Stage) -> None:
    """Those of other links stay; those past their end go when another one begins."""
    store, one, other = SetupLinkStore(stage.database), link(stage), link(stage)
    await stage.write(NewSetupLink(one), NewSetupLink(other))
    short, long, others = session(stage, one, 1), session(stage, one, 10**9), session(stage, other, 10**9)
    await stage.write(NewSetupSession(short))
    await stage.write(NewSetupSession(long))
    await stage.write(NewSetupSession(others))
    org = one.organization_id
    assert [await store.session(org, each.id) for each in (short, long, others)] == [None, long, others]
    assert await store.session(stage.directories[2].organization_id, long.id) is None
    await stage.write(SetupLinkUpdate(one, replace(one, completed_at=9, version=2)))
    assert [await store.session(org, each.id) for each in (long, others)] == [None, others]


async def holds_administrators_are_told_of_a_link_and_members_are_noticed(stage: Stage) -> None:
    """An administrator counts who is active and has an account; a member, who is active."""
    concerned, org = ConcernedStore(MemberStore(stage.database)), stage.key.organization_id
    assert (await concerned.addresses(org), await concerned.has_members(org)) == ([], False)
    invited = member(stage, "bob@x", state=MemberState.INVITED, role=Role.ADMIN)
    await added(stage, invited)
    assert (await concerned.addresses(org), await concerned.has_members(org)) == ([], False)
    await added(stage, member(stage, "ann@x", role=Role.ADMIN, account_id=ANN))
    assert (await concerned.addresses(org), await concerned.has_members(org)) == (["ann@x"], True)
    assert await concerned.addresses(stage.directories[2].organization_id) == []
