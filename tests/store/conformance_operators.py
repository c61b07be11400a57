"""What every store has to do with the operators of the deployment. Run by `test_conformance.py`."""

from dataclasses import replace

import pytest

from hallway.accounts.model import DEPLOYMENT
from hallway.hub.operators.model import (
    NewOperator,
    Operator,
    OperatorRole,
    OperatorState,
    OperatorUpdate,
    OwnerRemains,
)
from hallway.hub.operators.problems import CONSOLE, HOUR, SIGN_IN, Signs
from hallway.hub.organizations.domains import Domain, DomainState, NewDomain
from hallway.hub.sign_in.model import Attempt, Kind, NewAttempt, Outcome
from hallway.ids import AccountId, AttemptId, ConnectionId
from hallway.journal.model import Stale
from hallway.store.keys import DeploymentStore
from hallway.store.operators import OperatorStore
from hallway.store.organizations import OrganizationStore
from hallway.store.problems import TroubleStore
from hallway.store.statement import ALL, Step
from tests.store.stage import Stage


def operator(stage: Stage, role: OperatorRole = OperatorRole.OWNER) -> Operator:
    """An operator who is not written yet."""
    now = stage.desk.now()
    return Operator(AccountId(stage.desk.fresh_id()), role, OperatorState.ACTIVE, now, now)


async def holds_an_operator_comes_back_as_she_was_written(stage: Stage) -> None:
    """By her account and in the list, oldest first; an organization's rows are none of the deployment's."""
    store, first, second = OperatorStore(stage.database), operator(stage), operator(stage, OperatorRole.VIEWER)
    await DeploymentStore(stage.database).opened(DEPLOYMENT)
    await stage.write(NewOperator(first), NewOperator(second), organization=DEPLOYMENT)
    await stage.write(NewOperator(operator(stage)))
    assert await store.operator(first.account_id) == first
    assert await store.operators() == [first, second]
    assert await store.operator(AccountId(b"x" * 16)) is None


async def holds_an_operator_is_changed_by_whoever_read_her_last(stage: Stage) -> None:
    """The second of two is stale."""
    store, was = OperatorStore(stage.database), operator(stage)
    await DeploymentStore(stage.database).opened(DEPLOYMENT)
    await stage.write(NewOperator(was), organization=DEPLOYMENT)
    now = replace(was, role=OperatorRole.SUPPORT, state=OperatorState.DEACTIVATED, access_from=was.access_from + 5)
    await stage.write(OperatorUpdate(was, now), organization=DEPLOYMENT)
    assert await store.operator(was.account_id) == now
    with pytest.raises(Stale):
        await stage.write(OperatorUpdate(was, was), organization=DEPLOYMENT)
    assert await store.operator(was.account_id) == now


async def holds_the_last_owner_is_not_lost_to_two_at_once(stage: Stage) -> None:
    """A change that counts on another owner is stale where that one is none any more."""
    one, other = operator(stage), operator(stage)
    await DeploymentStore(stage.database).opened(DEPLOYMENT)
    await stage.write(NewOperator(one), NewOperator(other), organization=DEPLOYMENT)
    for left, kept in ((one, other), (other, one)):
        gone = replace(left, role=OperatorRole.VIEWER)
        rows = (OperatorUpdate(left, gone), OwnerRemains((kept.account_id,)))
        if left is one:
            await stage.write(*rows, organization=DEPLOYMENT)
        else:
            with pytest.raises(Stale):
                await stage.write(*rows, organization=DEPLOYMENT)
    assert await OperatorStore(stage.database).operator(other.account_id) == other


async def holds_what_went_wrong_is_counted(stage: Stage) -> None:
    """From an hour on, refused requests by directory, failed sign-ins apart from them; answered requests do not count,
    nor another organization's.
    """
    own, other = stage.key_of(0), stage.key_of(2)
    for key, hour, what, count in (
        (own, 5, "refused", 2), (own, 6, "refused", 3), (own, 6, "unauthenticated", 1), (own, 6, "read", 9),
        (own, 4, "refused", 100), (other, 6, "refused", 50),
        (replace(own, directory_id=CONSOLE), 5, SIGN_IN, 4), (replace(own, directory_id=CONSOLE), 6, SIGN_IN, 3),
        (replace(own, directory_id=CONSOLE), 4, SIGN_IN, 100), (replace(other, directory_id=CONSOLE), 6, SIGN_IN, 50),
    ):  # fmt: skip
        params = (key.organization_id, key.directory_id, hour, what, count)
        await stage.database.run([Step(ALL["request_count_add"], params)])
    for key in (own, other):
        for kind, outcome in (
            (Kind.SIGN_IN, Outcome.REFUSED), (Kind.TEST, Outcome.REFUSED), (Kind.AGAIN, Outcome.ACCEPTED),
        ):  # fmt: skip
            attempt = Attempt(
                AttemptId(stage.desk.fresh_id()), key.organization_id, ConnectionId(b"c" * 16), stage.desk.now(),
                outcome, "", kind, "eve", {},
            )  # fmt: skip
            await stage.write(NewAttempt(attempt, b""), organization=key.organization_id)
    claim = Domain(other.organization_id, "acme.example", DomainState.CONTESTED, "c" * 40, stage.desk.now())
    await stage.write(NewDomain(claim), organization=other.organization_id)
    store = TroubleStore(stage.database)
    found = await store.since(own.organization_id, 5 * HOUR)
    assert found == Signs({own.directory_id: {"refused": 5, "unauthenticated": 1}}, 7, 1, False)
    assert (await store.since(other.organization_id, 5 * HOUR)).is_contested
    assert (await store.since(own.organization_id, stage.desk.now() + HOUR)).connections == 0


async def holds_organizations_are_paged_newest_first(stage: Stage) -> None:
    """Each once, with the count of all."""
    store = OrganizationStore(stage.database)
    everybody = list(reversed(await store.all()))
    assert len(everybody) > 1 and await store.count() == len(everybody)
    assert await store.newest(10) == everybody
    first = await store.newest(1)
    assert first == everybody[:1] and await store.newest(10, first[0].id) == everybody[1:]
