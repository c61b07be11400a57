"""What every store has to do for the REST API: keys, and answers that are kept. Run by `test_conformance.py`."""

from dataclasses import replace

import pytest

from hallway.accounts.model import DEPLOYMENT
from hallway.exchanges.idempotency import ABANDONED, BEGUN, COMMITTED, Begun, CarriedOut, KeptAnswer
from hallway.hub.applications.api_keys import ApiKey, ApiKeyRevocation, NewApiKey
from hallway.hub.organizations.model import OrganizationUpdate
from hallway.ids import ApiKeyId
from hallway.journal.model import Stale
from hallway.store.api_keys import ApiKeyStore
from hallway.store.idempotency import AnswerStore
from hallway.store.keys import DeploymentStore
from hallway.store.organizations import OrganizationStore
from tests.store.stage import Stage


async def holds_an_api_key_comes_back_as_it_was_written(stage: Stage) -> None:
    """By its id and in the list, oldest first."""
    store, now = ApiKeyStore(stage.database), stage.desk.now()
    first = ApiKey(ApiKeyId(stage.desk.fresh_id()), "Billing", b"h" * 32, ("members:read", "events:read"), now, now + 9)
    second = replace(first, id=ApiKeyId(stage.desk.fresh_id()), expires_at=None)
    await DeploymentStore(stage.database).opened(DEPLOYMENT)
    await stage.write(NewApiKey(first), NewApiKey(second), organization=DEPLOYMENT)
    assert await store.key(first.id) == first
    assert await store.keys() == [first, second]
    assert await store.key(ApiKeyId(b"x" * 16)) is None


async def holds_an_api_key_is_revoked_once(stage: Stage) -> None:
    """The second of two is stale, and the first one's instant stays."""
    store, now = ApiKeyStore(stage.database), stage.desk.now()
    key = ApiKey(ApiKeyId(stage.desk.fresh_id()), "Billing", b"h" * 32, ("members:read",), now)
    await DeploymentStore(stage.database).opened(DEPLOYMENT)
    await stage.write(NewApiKey(key), organization=DEPLOYMENT)
    await stage.write(ApiKeyRevocation(key.id, now + 1), organization=DEPLOYMENT)
    with pytest.raises(Stale):
        await stage.write(ApiKeyRevocation(key.id, now + 2), organization=DEPLOYMENT)
    assert await store.key(key.id) == replace(key, revoked_at=now + 1)


async def holds_the_last_use_of_a_key_never_goes_back(stage: Stage) -> None:
    """A process that writes later what it saw earlier changes nothing."""
    store, now = ApiKeyStore(stage.database), stage.desk.now()
    key = ApiKey(ApiKeyId(stage.desk.fresh_id()), "Billing", b"h" * 32, ("members:read",), now)
    await DeploymentStore(stage.database).opened(DEPLOYMENT)
    await stage.write(NewApiKey(key), organization=DEPLOYMENT)
    await store.used([(key.id, now + 5, "192.0.2.1")])
    await store.used([(key.id, now + 3, "192.0.2.2")])
    assert await store.key(key.id) == replace(key, last_used_at=now + 5, last_address="192.0.2.1")


async def holds_a_request_is_begun_by_one(stage: Stage) -> None:
    """Until it is given up; whoever comes meanwhile learns of which request it is."""
    store, now = AnswerStore(stage.database), stage.desk.now()
    begun = await store.begin(b"k" * 32, b"r" * 32, now)
    assert begun == Begun(b"k" * 32, now)
    assert await store.begin(b"k" * 32, b"s" * 32, now + 1) == KeptAnswer(b"r" * 32, BEGUN, b"", now)
    await store.give_up(Begun(b"k" * 32, now))
    assert await store.begin(b"k" * 32, b"s" * 32, now + 2) == Begun(b"k" * 32, now + 2)


async def holds_an_abandoned_request_is_taken_over_and_its_first_holder_commits_nothing(stage: Stage) -> None:
    """After a minute without a commit; what was committed is never taken over."""
    store, now = AnswerStore(stage.database), stage.desk.now()
    slow = await store.begin(b"k" * 32, b"r" * 32, now)
    assert isinstance(slow, Begun)
    heir = await store.begin(b"k" * 32, b"r" * 32, now + ABANDONED)
    assert heir == Begun(b"k" * 32, now + ABANDONED)
    with pytest.raises(Stale):
        await stage.write(CarriedOut(slow))
    assert isinstance(heir, Begun)
    await stage.write(CarriedOut(heir))
    late = await store.begin(b"k" * 32, b"r" * 32, now + 9 * ABANDONED)
    assert late == KeptAnswer(b"r" * 32, COMMITTED, b"", heir.at)
    await store.give_up(heir)
    assert await store.begin(b"k" * 32, b"r" * 32, now + 9 * ABANDONED) == late, "carried out is carried out"


async def holds_an_answer_is_kept_and_forgotten(stage: Stage) -> None:
    """Whoever holds the request keeps its answer; what is old goes."""
    store, now = AnswerStore(stage.database), stage.desk.now()
    begun = await store.begin(b"k" * 32, b"r" * 32, now)
    assert isinstance(begun, Begun)
    await store.keep(Begun(b"k" * 32, now + 1), 500, b"another's")
    await store.keep(begun, 201, b"sealed")
    assert await store.begin(b"k" * 32, b"r" * 32, now + 5) == KeptAnswer(b"r" * 32, 201, b"sealed", now)
    await store.forget(now)
    assert isinstance(await store.begin(b"k" * 32, b"r" * 32, now + 6), KeptAnswer)
    await store.forget(now + 1)
    assert isinstance(await store.begin(b"k" * 32, b"r" * 32, now + 7), Begun)


async def holds_an_organization_is_changed_by_whoever_knows_how_it_is(stage: Stage) -> None:
    """Decided on what it is no more, a change is stale, whichever of its values moved; also where one was empty."""
    store = OrganizationStore(stage.database)
    was = (await store.all())[0]
    named = replace(was, name="Renamed", external_id="customer-1")
    await stage.write(OrganizationUpdate(named, was), organization=was.id)
    assert await store.by_id(was.id) == named
    with pytest.raises(Stale):
        await stage.write(OrganizationUpdate(replace(was, name="Mine"), was), organization=was.id)
    with pytest.raises(Stale):
        await stage.write(OrganizationUpdate(was, replace(named, external_id=None)), organization=was.id)
    assert await store.by_id(was.id) == named
