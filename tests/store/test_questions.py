"""Questions of a change stand behind everything that it writes, whatever order its rows have; on either engine."""

import asyncio
import importlib
import inspect
import pkgutil
import re
from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Final, cast

import pytest

import hallway.store
from hallway.accounts.model import DEPLOYMENT
from hallway.hub.applications.model import (
    GrantHolds,
    KeyAlone,
    NewGrant,
    NewRefreshToken,
    RefreshToken,
    RefreshTokenUse,
)
from hallway.hub.connections.model import ConnectionUnchanged
from hallway.hub.directories.columns import columns_of
from hallway.hub.directories.documents import resource_of
from hallway.hub.directories.links import LinkAbsent, MemberLink, NewLink, Reason
from hallway.hub.directories.model import Kind
from hallway.hub.directories.resources import ResourceUpdate, RevisionHeld
from hallway.hub.operators.model import NewOperator, OperatorRole, OperatorUpdate, OwnerRemains
from hallway.hub.organizations.contacts import Contact, NewContact
from hallway.hub.organizations.invitations import AddressFree
from hallway.hub.organizations.leaving import ended
from hallway.hub.organizations.members import (
    AddressUnheld,
    AdministratorRemains,
    Member,
    MemberState,
    MemberUpdate,
    NewMember,
    Role,
    Source,
)
from hallway.ids import AccountId, ContactId, GrantId, MemberId, OrganizationId, ResourceId
from hallway.journal.model import Change, Row, Stale
from hallway.store import rows as registry
from hallway.store.grants import GrantStore
from hallway.store.keys import DeploymentStore
from hallway.store.ledger import prepared
from hallway.store.statement import Statement
from tests.store import conformance_applications
from tests.store.conformance_operators import operator
from tests.store.stage import Stage, staged

for _module in pkgutil.iter_modules(hallway.store.__path__, "hallway.store."):
    importlib.import_module(_module.name)

ORG: Final = OrganizationId(b"o" * 16)
ONE: Final = MemberId(b"m" * 16)
_KEY: Final = cast("Any", SimpleNamespace(organization_id=ORG, directory_id=b"d" * 16))
_CONNECTION: Final = cast("Any", SimpleNamespace(id=b"c" * 16, version=1))
QUESTIONS: Final[dict[type, Row]] = {
    AddressFree: AddressFree(ONE, "a@b.example"),
    AddressUnheld: AddressUnheld(ONE, "a@b.example"),
    AdministratorRemains: AdministratorRemains((ONE,)),
    ConnectionUnchanged: ConnectionUnchanged(_CONNECTION),
    GrantHolds: GrantHolds(GrantId(ONE)),
    KeyAlone: KeyAlone("ES256"),
    LinkAbsent: LinkAbsent(_KEY, ResourceId(b"r" * 16)),
    OwnerRemains: OwnerRemains((AccountId(ONE),)),
}


def test_every_row_that_asks_is_known() -> None:
    """Found in the source of what turns rows into steps: each `Step` of a read."""
    asking = set()
    for row_type, function in registry._STEPS.items():
        names = re.findall(r"Step\(([A-Z_]+),", inspect.getsource(function))
        statements = [function.__globals__.get(name) for name in names]  # type: ignore[attr-defined]
        if any(isinstance(one, Statement) and one.is_read for one in statements):
            asking.add(row_type)
    assert asking == QUESTIONS.keys()


@pytest.mark.parametrize("row", QUESTIONS.values(), ids=lambda row: type(row).__name__)
def test_a_question_that_a_change_names_first_is_asked_last(row: Row) -> None:
    written = NewContact(Contact(ContactId(b"c" * 16), ORG, "a@b.example", "A", 0))
    names = [step.statement.name for step in prepared(Change(ORG, (row, written, written))).steps]
    assert names[:2] == ["contact_insert", "contact_insert"] and len(names) == 3


async def _at_once(stage: Stage, *changes: Sequence[Row], owner: OrganizationId | None = None) -> list[bool]:
    """Changes that share a batch: which of them were written."""
    own = owner or stage.key.organization_id
    made = [(rows, stage.entry("member.added")) for rows in changes]
    commits = [stage.database.commit(Change(own, tuple(rows), (entry,), entry.id)) for rows, entry in made]
    outcomes = await asyncio.gather(*commits, return_exceptions=True)
    assert all(isinstance(one, int | Stale) for one in outcomes)
    return [isinstance(one, int) for one in outcomes]


def _member(stage: Stage, email: str, role: Role = Role.USER) -> Member:
    now = stage.desk.clock()
    return Member(
        MemberId(stage.desk.fresh_id()), stage.key.organization_id, email, email, role, MemberState.ACTIVE,
        Source.INVITED, now, now, AccountId(stage.desk.fresh_id()),
    )  # fmt: skip


@pytest.mark.parametrize("question", [AddressFree, AddressUnheld])
async def test_two_who_take_one_address_at_once(question: Any, database_url: str) -> None:
    async with staged(database_url) as stage:
        two = [_member(stage, "john@acme.example") for _ in range(2)]
        assert sorted(
            await _at_once(stage, *[(question(one.id, one.email), NewMember(one)) for one in two])
        ) == [False, True]  # fmt: skip


async def test_two_administrators_who_count_on_each_other(database_url: str) -> None:
    async with staged(database_url) as stage:
        two = [_member(stage, f"{name}@acme.example", Role.ADMIN) for name in "ab"]
        await stage.write(*map(NewMember, two))
        less = [MemberUpdate(one, replace(one, role=Role.USER, version=2)) for one in two]
        ways = [(AdministratorRemains((two[1 - n].id,)), less[n]) for n in range(2)]
        assert sorted(await _at_once(stage, *ways)) == [False, True]


async def test_two_owners_who_count_on_each_other(database_url: str) -> None:
    async with staged(database_url) as stage:
        await DeploymentStore(stage.database).opened(DEPLOYMENT)
        two = [operator(stage) for _ in range(2)]
        await stage.write(*map(NewOperator, two), organization=DEPLOYMENT)
        less = [OperatorUpdate(one, replace(one, role=OperatorRole.VIEWER)) for one in two]
        ways = [(OwnerRemains((two[1 - n].account_id,)), less[n]) for n in range(2)]
        assert sorted(await _at_once(stage, *ways, owner=DEPLOYMENT)) == [False, True]


async def test_a_refresh_that_races_with_a_deactivation(database_url: str) -> None:
    """Whoever stands first in the batch: what is deactivated in it gets no token of it."""
    async with staged(database_url) as stage:
        for order in range(2):
            somebody = conformance_applications.member(stage)
            grant = conformance_applications.grant(stage, somebody)
            token = RefreshToken(grant.id, b"1" * 32, 1, 9)
            await stage.write(NewMember(somebody), NewGrant(grant), NewRefreshToken(token))
            _, leaving = ended(somebody, stage.desk.now())
            fresh = NewRefreshToken(RefreshToken(grant.id, b"2" * 32, 2, 9))
            refreshing = (GrantHolds(grant.id), RefreshTokenUse(token, 2), fresh)
            ways: list[Sequence[Row]] = [refreshing, leaving] if order else [leaving, refreshing]
            written = await _at_once(stage, *ways)
            kept = await GrantStore(stage.database).refresh_tokens(somebody.organization_id, grant.id)
            assert written[order] and (len(kept) == 2) == written[1 - order], order
            if not order:
                assert not written[1], "the deactivation was there first"


async def test_a_link_and_the_end_of_who_has_none(database_url: str) -> None:
    """Whoever else's steps the batch has first: the end sees the link, or the link sees the end."""
    async with staged(database_url) as stage:
        for order in range(6):
            user = await stage.user(f"ada{order}@other.example")
            other = await stage.user(f"bob{order}@other.example")
            stored, beside = [await stage.stored(Kind.USER, one) for one in (user, other)]
            link = MemberLink(stage.key, user, ONE, Reason.CONFIRMED, 1)
            # The words of a deactivation and of an acceptance, and a third change that splits them.
            ending = (LinkAbsent(stage.key, user), _moved(stage, stored))
            linking = (NewLink(link), RevisionHeld(stage.key, stored))
            third = (LinkAbsent(stage.key, other),) if order % 2 else (RevisionHeld(stage.key, beside),)
            ways: list[Sequence[Row]] = [third, linking, ending] if order % 3 else [third, ending, linking]
            written = await _at_once(stage, *ways)
            assert written[0] and sorted(written[1:]) == [False, True]


def _moved(stage: Stage, stored: Any) -> Row:
    """The directory user with a new document, as a deactivation writes her."""
    columns = columns_of(Kind.USER, resource_of(stored))
    return ResourceUpdate(stage.key, stored, stored, columns, columns.keys)
