"""What every store has to do with connections.

Run by `test_conformance.py`, as `conformance.py` is.
"""

from dataclasses import replace

import pytest

from hallway.hub.connections.model import (
    Connection,
    ConnectionRemoval,
    ConnectionState,
    ConnectionUnchanged,
    ConnectionUpdate,
    ConnectionUsed,
    Footprint,
    IdentitiesRemoval,
    Identity,
    KeyState,
    Mapping,
    Match,
    NewConnection,
    NewIdentity,
    OidcSettings,
    Protocol,
    Provider,
    ProviderKey,
    SamlSettings,
)
from hallway.hub.connections.ports import Vault
from hallway.hub.organizations.members import MemberRemoval
from hallway.hub.sign_in.model import NewSsoSession, SsoSession, StrangerRefusal, StrangerRefused
from hallway.ids import AccountId, ConnectionId, MemberId, SessionId
from hallway.journal.model import Stale
from hallway.store.connections import ConnectionStore
from hallway.store.sign_in import SignInStore
from tests.store.conformance_members import added, member
from tests.store.stage import Stage


def _whole(stage: Stage, place: int = 0, name: str = "Okta") -> Connection:
    """A connection in which every column and every part of the body has a value."""
    saml = SamlSettings(
        "urn:idp", "https://a/", "https://b/", "https://c/", "https://d/", "https://e/", True,
        (ProviderKey(b"\x00k", KeyState.STAGED, 5, 6, 7), ProviderKey(b"l", KeyState.TRUSTED, 5)), "https://m/", 3,
        "finding", (b"\x01one", b"two"), "b3RoZXI=", "urn:own", ("https://acs/",), "urn:format", True, ("relaxed",),
    )  # fmt: skip
    oidc = OidcSettings("https://i", "client", "client_secret_post", ("openid",), "{}", 1, "{}", 2, "finding")
    return Connection(
        ConnectionId(stage.desk.fresh_id()), stage.key_of(place).organization_id, name, Protocol.SAML, Provider.OKTA,
        ConnectionState.ACTIVE, 11, saml, oidc, b"\x02sealed", ("a.example",), True, True, True, Match.USER_NAME,
        Mapping(("mail",), ("first",), ("last",), ("groups",)), 12, 13, 14, 1,
    )  # fmt: skip


def no_vault() -> Vault:
    """Nothing that is read here is sealed."""
    raise AssertionError


async def holds_a_connection_comes_back_as_it_was_written(stage: Stage) -> None:
    """Every part of it, found by its organization and by itself; another organization has none of it."""
    store, one = ConnectionStore(stage.database), _whole(stage)
    await stage.write(NewConnection(one))
    assert await store.connection(one.organization_id, one.id) == one == await store.located(one.id)
    other = stage.key_of(2).organization_id
    assert await store.connection(other, one.id) is None
    assert (list(await store.connections(other)), list(await store.connections(one.organization_id))) == ([], [one])


async def holds_a_connection_is_changed_by_who_knows_it(stage: Stage) -> None:
    """Whoever decided on an older one is stale, and so is what rests on it."""
    store, one = ConnectionStore(stage.database), _whole(stage)
    await stage.write(NewConnection(one))
    now = replace(one, name="Other", state=ConnectionState.DISABLED, domains=(), due_at=None, version=2)
    await stage.write(ConnectionUpdate(one, now))
    assert await store.located(one.id) == now
    for row in (ConnectionUpdate(one, now), ConnectionUnchanged(one), ConnectionRemoval(one)):
        with pytest.raises(Stale):
            await stage.write(row)
    await stage.write(ConnectionUnchanged(now), ConnectionUsed(one.id, 99, False), ConnectionUsed(one.id, 98, True))
    assert await store.located(one.id) == replace(now, last_sign_in_at=99, tested_at=98)


async def holds_connections_are_due_in_their_time(stage: Stage) -> None:
    """Of every organization, and none that has no time."""
    store = ConnectionStore(stage.database)
    early, late = replace(_whole(stage), due_at=10), replace(_whole(stage, 2), due_at=20)
    never = replace(_whole(stage, name="never"), due_at=None)
    await stage.write(NewConnection(early), NewConnection(never))
    await stage.write(NewConnection(late), organization=late.organization_id)
    assert [list(await store.due(at)) for at in (9, 10, 20)] == [[], [early], [early, late]]


async def holds_a_removed_connection_takes_along_who_was_known_by_it(stage: Stage) -> None:
    """Identities and sessions; those of another connection stay."""
    store, one, other = ConnectionStore(stage.database), _whole(stage), _whole(stage, name="other")
    owner, member = one.organization_id, MemberId(b"m" * 16)
    session = SsoSession(one.id, b"s1", "i", AccountId(b"a" * 16), SessionId(b"x" * 16), {}, 99)
    await stage.write(NewConnection(one), NewConnection(other))
    identities = [Identity(place.id, subject, "jo", member, "match:email", 1)
                  for place, subject in ((one, b"s1"), (one, b"s2"), (other, b"s1"))]  # fmt: skip
    refused = StrangerRefused(one.id, 0, StrangerRefusal(1, "wrong_key", "192.0.2.1", "x"))
    await stage.write(*(NewIdentity(each) for each in identities), NewSsoSession(session, 1), refused)
    assert list(await store.identities(owner, member)) == identities
    assert (await store.footprint(one), await store.footprint(other)) == (Footprint(1, 1), Footprint(1, 0))
    assert await store.footprint(replace(one, organization_id=stage.key_of(2).organization_id)) == Footprint(0, 0)
    with pytest.raises(Stale):
        await stage.write(NewIdentity(identities[0]))
    sign_ins = SignInStore(stage.database, no_vault)
    assert list(await sign_ins.strangers(owner, one.id)) == [refused.refusal]
    await stage.write(ConnectionRemoval(one))
    assert await store.located(one.id) is None and not await sign_ins.strangers(owner, one.id)
    assert list(await store.identities(owner, member)) == identities[2:]
    assert await store.identity(owner, other.id, b"s1") == identities[2]
    await stage.write(IdentitiesRemoval(member))
    assert await store.identity(owner, other.id, b"s1") is None


async def holds_a_removed_member_leaves_nothing_at_connections(stage: Stage) -> None:
    """Her subject is free for whoever she is when she comes back; another member's stays, in any organization."""
    store, one = ConnectionStore(stage.database), _whole(stage)
    gone = member(stage, "ann@a", account_id=AccountId(b"a" * 16))
    other = member(stage, "bob@a", account_id=AccountId(b"b" * 16))
    await stage.write(NewConnection(one))
    await added(stage, gone, other)
    for place in (gone, other):
        subject, account = place.email.encode(), place.account_id
        assert account is not None
        session = SsoSession(one.id, subject, "i", account, SessionId(subject.ljust(16)), {}, 99)
        identity = Identity(one.id, subject, "jo", place.id, "match:email", 1)
        await stage.write(NewIdentity(identity), NewSsoSession(session, 1))
    await stage.write(MemberRemoval(gone))
    owner, sign_ins = one.organization_id, SignInStore(stage.database, no_vault)
    kept = [(await store.identity(owner, one.id, subject)) is not None for subject in (b"ann@a", b"bob@a")]
    assert kept == [False, True]
    assert [len(await sign_ins.sso_sessions(owner, one.id, subject)) for subject in (b"ann@a", b"bob@a")] == [0, 1]
