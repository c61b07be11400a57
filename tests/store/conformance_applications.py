"""What every store has to do with applications, grants and signing keys. Run by `test_conformance.py`."""

from dataclasses import replace

import pytest

from hallway.accounts.model import DEPLOYMENT
from hallway.hub.applications.model import (
    GRACE,
    GRANT_LASTS,
    Addresses,
    Application,
    ApplicationRemoval,
    ApplicationState,
    ApplicationUpdate,
    ClientSecret,
    ClientSecretEnd,
    Code,
    CodeUse,
    Grant,
    GrantEnd,
    GrantHolds,
    GrantsEnd,
    GrantsMove,
    KeptKey,
    KeyAlone,
    Kind,
    NewApplication,
    NewClientSecret,
    NewCode,
    NewGrant,
    NewRefreshToken,
    NewSeenAssertion,
    NewSigningKey,
    RefreshToken,
    RefreshTokenUse,
    SigningKeyRetirement,
    SigningKeysForgotten,
)
from hallway.hub.organizations.leaving import ended
from hallway.hub.organizations.members import Member, MemberState, MemberUpdate, NewMember, Role, Source
from hallway.hub.organizations.model import OrganizationState, OrganizationUpdate
from hallway.ids import (
    AccountId,
    ApplicationId,
    ClientSecretId,
    CodeId,
    ConnectionId,
    GrantId,
    MemberId,
    SessionId,
    SigningKeyId,
)
from hallway.journal.model import Stale
from hallway.store.applications import ApplicationStore
from hallway.store.grants import KEPT, GrantStore
from hallway.store.keys import DeploymentStore
from hallway.store.signing_keys import SigningKeyStore
from tests.store.stage import Stage

APPLICATION = ApplicationId(b"a" * 16)


def application(stage: Stage, name: str = "Fieldbook") -> Application:
    """One that is not written yet, with something in every place."""
    return Application(
        ApplicationId(stage.desk.fresh_id()), name, Kind.WEB, ApplicationState.ACTIVE, stage.desk.now(),
        Addresses(("https://a.example/1", "https://a.example/2"), ("https://a.example",), "https://b.example", ("x",)),
        "EdDSA", '{"keys": []}', ("events:read",), ("email", "title"),
    )  # fmt: skip


def secret(stage: Stage, of: Application) -> ClientSecret:
    """One that is not written yet."""
    return ClientSecret(ClientSecretId(stage.desk.fresh_id()), of.id, b"h" * 32, stage.desk.now())


def member(stage: Stage) -> Member:
    """An active member of the first organization, not written yet."""
    now = stage.desk.now()
    return Member(
        MemberId(stage.desk.fresh_id()), stage.key.organization_id, "ada@acme.example", "Ada", Role.USER,
        MemberState.ACTIVE, Source.INVITED, now, now, AccountId(stage.desk.fresh_id()),
    )  # fmt: skip


def grant(stage: Stage, of: Member) -> Grant:
    """What she granted, not written yet."""
    now = stage.desk.now()
    return Grant(
        GrantId(stage.desk.fresh_id()), of.organization_id, APPLICATION, of.id, of.account_id or AccountId(b""),
        SessionId(b"s" * 16), ConnectionId(b"c" * 16), ("openid", "offline_access"), "sid", now, ("password", "code"),
        now, now, now + GRANT_LASTS,
    )  # fmt: skip


async def settled(stage: Stage) -> tuple[Member, Grant]:
    """A member with a grant."""
    somebody = member(stage)
    granted = grant(stage, somebody)
    await stage.write(NewMember(somebody))
    await stage.write(NewGrant(granted), GrantHolds(granted.id))
    return somebody, granted


async def holds_an_application_comes_back_as_it_was_written(stage: Stage) -> None:
    """With its secrets; changed and removed by whoever read it last."""
    store, one, other = ApplicationStore(stage.database), application(stage), application(stage, "Other")
    await DeploymentStore(stage.database).opened(DEPLOYMENT)
    kept, second = secret(stage, one), secret(stage, one)
    await stage.write(NewApplication(one), NewClientSecret(kept), NewClientSecret(second), organization=DEPLOYMENT)
    await stage.write(NewApplication(other), organization=DEPLOYMENT)
    assert await store.application(one.id) == one and await store.applications() == [one, other]
    assert await store.secrets(one.id) == [kept, second] and await store.secrets(other.id) == []
    now = replace(one, name="Logbook", state=ApplicationState.DISABLED, addresses=Addresses(), jwks="", version=2)
    await stage.write(ApplicationUpdate(one, now), organization=DEPLOYMENT)
    assert await store.application(one.id) == now
    for stale in (ApplicationUpdate(one, now), ApplicationRemoval(one)):
        with pytest.raises(Stale):
            await stage.write(stale, organization=DEPLOYMENT)
    await store.used({(one.id, kept.id): 7})
    await store.used({(one.id, kept.id): 5})
    await stage.write(ClientSecretEnd(kept, 9), ClientSecretEnd(second, None), organization=DEPLOYMENT)
    assert await store.secrets(one.id) == [replace(kept, expires_at=9, last_used_at=7)]
    with pytest.raises(Stale):
        await stage.write(ClientSecretEnd(second, None), organization=DEPLOYMENT)
    await stage.write(ApplicationRemoval(now), organization=DEPLOYMENT)
    assert await store.application(one.id) is None and await store.secrets(one.id) == []


async def holds_an_assertion_counts_once(stage: Stage) -> None:
    """By application; what is past is forgotten."""
    await DeploymentStore(stage.database).opened(DEPLOYMENT)
    await stage.write(NewSeenAssertion(APPLICATION, b"x" * 32, 100, 50), organization=DEPLOYMENT)
    await stage.write(NewSeenAssertion(ApplicationId(b"b" * 16), b"x" * 32, 100, 50), organization=DEPLOYMENT)
    with pytest.raises(Stale):
        await stage.write(NewSeenAssertion(APPLICATION, b"x" * 32, 100, 60), organization=DEPLOYMENT)
    await stage.write(NewSeenAssertion(APPLICATION, b"x" * 32, 300, 200), organization=DEPLOYMENT)


async def holds_a_grant_comes_back_as_it_was_written(stage: Stage) -> None:
    """By its id, and among the member's, newest first; another organization has none of them."""
    somebody, first = await settled(stage)
    second = replace(grant(stage, somebody), connection_id=None, scopes=("openid",))
    await stage.write(NewGrant(second))
    store, owner = GrantStore(stage.database), stage.key.organization_id
    assert await store.grant(owner, first.id) == first
    assert await store.of_member(owner, somebody.id) == [second, first]
    assert await store.grant(stage.key_of(2).organization_id, first.id) is None
    await stage.write(GrantsMove(first.session_id, SessionId(b"n" * 16)))
    assert {one.session_id for one in await store.of_member(owner, somebody.id)} == {b"n" * 16}
    await stage.write(GrantEnd(first.id, 5))
    with pytest.raises(Stale):
        await stage.write(GrantEnd(first.id, 6))
    await stage.write(GrantsEnd((first.id, second.id), 7))
    assert [one.ended_at for one in await store.of_member(owner, somebody.id)] == [7, 5]


async def holds_a_grant_is_asked_of_its_member_and_organization(stage: Stage) -> None:
    """What counts on a grant is stale once the grant, the member or the organization has ended, whoever was first."""
    somebody, granted = await settled(stage)
    await stage.write(GrantHolds(granted.id))
    gone, rows = ended(somebody, stage.desk.now())
    await stage.write(*rows)
    with pytest.raises(Stale):
        await stage.write(GrantHolds(granted.id))
    back = replace(gone, state=MemberState.ACTIVE, version=gone.version + 1)
    await stage.write(MemberUpdate(gone, back))
    with pytest.raises(Stale):
        await stage.write(GrantHolds(granted.id))
    later = replace(grant(stage, somebody), entered_at=back.access_from)
    await stage.write(NewGrant(later), GrantHolds(later.id))
    organization = stage.directories[0].organization
    await stage.write(OrganizationUpdate(replace(organization, state=OrganizationState.SUSPENDED)))
    with pytest.raises(Stale):
        await stage.write(GrantHolds(later.id))
    await stage.write(OrganizationUpdate(organization))
    await stage.write(GrantEnd(later.id, 5))
    with pytest.raises(Stale):
        await stage.write(GrantHolds(later.id))


async def holds_a_code_is_used_once(stage: Stage) -> None:
    """The second use is stale; codes that are long past are forgotten with the next grant."""
    somebody, granted = await settled(stage)
    store, owner = GrantStore(stage.database), stage.key.organization_id
    code = Code(CodeId(stage.desk.fresh_id()), granted.id, b"h" * 32, "https://a.example/1", "challenge", "nonce", 99)
    await stage.write(NewCode(code))
    assert await store.code(owner, code.id) == code
    await stage.write(CodeUse(code.id, 50))
    with pytest.raises(Stale):
        await stage.write(CodeUse(code.id, 51))
    assert await store.code(owner, code.id) == replace(code, used_at=50)
    assert await store.code(stage.key_of(2).organization_id, code.id) is None
    later = replace(grant(stage, somebody), created_at=stage.desk.now() + KEPT + GRANT_LASTS)
    await stage.write(NewGrant(later))
    assert await store.code(owner, code.id) is None and await store.grant(owner, granted.id) is None


async def holds_a_refresh_token_is_used_once(stage: Stage) -> None:
    """The second use is stale; those whose grace is over go with the next use."""
    _, granted = await settled(stage)
    store, owner = GrantStore(stage.database), stage.key.organization_id

    def token(name: bytes, at: int) -> RefreshToken:
        return RefreshToken(granted.id, name * 32, at, at + 9)

    first, second, third = token(b"1", 1), token(b"2", 2), token(b"3", GRACE + 5)
    await stage.write(NewRefreshToken(first))
    await stage.write(RefreshTokenUse(first, 2), NewRefreshToken(second))
    with pytest.raises(Stale):
        await stage.write(RefreshTokenUse(first, 3))
    assert await store.refresh_tokens(owner, granted.id) == [second, replace(first, used_at=2)]
    await stage.write(RefreshTokenUse(second, GRACE + 5), NewRefreshToken(third))
    assert await store.refresh_tokens(owner, granted.id) == [third, replace(second, used_at=GRACE + 5)]
    assert await store.refresh_tokens(stage.key_of(2).organization_id, granted.id) == []


async def holds_an_algorithm_has_one_key_that_signs(stage: Stage) -> None:
    """A second one is stale unless the first is retired in the same change; retired ones are forgotten in time."""
    store = SigningKeyStore(stage.database)
    await DeploymentStore(stage.database).opened(DEPLOYMENT)

    def key(algorithm: str) -> KeptKey:
        return KeptKey(SigningKeyId(stage.desk.fresh_id()), algorithm, b"sealed", b"{}", 1, 2)

    first, other, second = key("ES256"), key("RS256"), key("ES256")
    for one in (first, other):
        await stage.write(NewSigningKey(one), KeyAlone(one.algorithm), organization=DEPLOYMENT)
    with pytest.raises(Stale):
        await stage.write(NewSigningKey(second), KeyAlone("ES256"), organization=DEPLOYMENT)
    await stage.write(
        SigningKeyRetirement(first.id, 9), NewSigningKey(second), KeyAlone("ES256"), organization=DEPLOYMENT
    )
    assert await store.keys() == [replace(first, retired_at=9), other, second]
    with pytest.raises(Stale):
        await stage.write(SigningKeyRetirement(first.id, 10), organization=DEPLOYMENT)
    await stage.write(SigningKeysForgotten(9), organization=DEPLOYMENT)
    assert len(await store.keys()) == 3
    await stage.write(SigningKeysForgotten(10), organization=DEPLOYMENT)
    assert await store.keys() == [other, second]
