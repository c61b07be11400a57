"""What every store has to do with directories, tokens, organizations, exchanges, counters and keys.

Run by `test_conformance.py`, as `conformance.py` is.
"""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from hallway.exchanges.model import HOUR, Exchange, ExchangeEnd, StrangerRefusal, TokenUse
from hallway.exchanges.service import Recorder
from hallway.hub.directories.administration import Administration
from hallway.hub.directories.model import Directory, DirectoryState, DirectoryUpdate, Kind, Rules
from hallway.hub.organizations.model import OrganizationRemoval, OrganizationState, OrganizationUpdate, Plan
from hallway.ids import DirectoryId, ExchangeId, OrganizationId, ResourceId, TokenId
from hallway.journal.model import Stale
from hallway.keys.model import NO_KEYS, DataKey, KeyRecord, KeysChanged
from hallway.scim.quirks import Quirk
from hallway.store.counters import CounterStore
from hallway.store.directories import DirectoryStore
from hallway.store.exchanges import ExchangeStore
from hallway.store.keys import DeploymentStore, KeyRecordStore
from hallway.store.organizations import OrganizationStore
from tests.store.conformance import here, raises_stale
from tests.store.stage import (
    ACTOR,
    CATALOGUE,
    Stage,
    new_directory,
    new_organization,
)

NOBODY = ResourceId(b"\xff" * 16)


async def holds_directories_and_tokens_are_located_by_their_ids(stage: Stage) -> None:
    """A deleted directory and a revoked token are not."""
    store, one = DirectoryStore(stage.database), stage.directories[0]
    administration = Administration(stage.desk, CATALOGUE.types, ACTOR)
    made = await administration.add_token(one, 30, "label")
    imported = await administration.import_token(one, b"h" * 32, 30)
    assert await store.located(one.id) == one
    assert await store.located(DirectoryId(b"\x00" * 16)) is None
    assert await store.token_by_id(made.token.id) == made.token
    assert await store.token_by_hash(b"h" * 32) == imported
    assert (await store.token_by_id(TokenId(b"\x00" * 16)), await store.token_by_hash(b"x" * 32)) == (None, None)
    assert await store.tokens(stage.key) == [made.token, imported]
    await administration.revoke_token(made.token)
    assert await store.token_by_id(made.token.id) is None
    assert [token.revoked_at is None for token in await store.tokens(stage.key)] == [False, True]
    assert await store.of_organization(one.organization_id) == list(stage.directories[:2])
    await stage.write(DirectoryUpdate(replace(one, state=DirectoryState.DELETED), one.state))
    assert await store.located(one.id) is None
    assert await store.of_organization(one.organization_id) == [stage.directories[1]]


async def holds_a_directory_keeps_its_rules(stage: Stage) -> None:
    """Every one of them; an update is stale where somebody was first."""
    one = stage.directories[0]
    rules = Rules(
        True, True, ("username",), True, False, False, True, frozenset({Quirk.MISSING_ACTIVE_MEANS_TRUE}), ("urn:x",)
    )
    changed: Directory = replace(one, rules=rules, name="Ω", base_path="/old", state=DirectoryState.DISABLED)
    await stage.write(DirectoryUpdate(changed, one.state))
    assert await DirectoryStore(stage.database).located(one.id) == changed
    await raises_stale(stage, DirectoryUpdate(one, one.state))


async def holds_organizations_are_found_by_both_names(stage: Stage) -> None:
    """An external id is unique in the deployment; a name is not."""
    store = OrganizationStore(stage.database)
    made = await new_organization(stage.desk, "Acme", "acme")
    assert await store.by_id(made.id) == made == await store.by_external_id("acme")
    assert (await store.by_id(OrganizationId(b"\x00" * 16)), await store.by_external_id("ACME")) == (None, None)
    with pytest.raises(Stale):
        await new_organization(stage.desk, "Other", "acme")
    changed = replace(made, name="Acme & Co", plan=Plan.FREE, state=OrganizationState.SUSPENDED, external_id=None)
    await stage.write(OrganizationUpdate(changed), organization=made.id)
    assert await store.by_id(made.id) == changed
    assert [one.id for one in await store.all()] == sorted(one.id for one in await store.all())
    assert len(await store.all()) == 3


async def holds_a_removed_organization_leaves_nothing(stage: Stage) -> None:
    """In any table; the others keep everything."""
    await stage.group("g", await stage.user("ann"))
    theirs = await stage.user("theirs", 2)
    org = stage.key.organization_id
    await Administration(stage.desk, CATALOGUE.types, ACTOR).add_token(stage.directories[0], 30)
    await stage.write(OrganizationRemoval(org, 1, b"{}"), entries=0)
    for table in (
        "organization",
        "locator",
        "journal",
        "journal_personal",
        "journal_head",
        "resource",
        "member",
        "token",
    ):
        assert await stage.rows(f"SELECT 1 FROM {table} WHERE organization_id = $1", org) == []
    assert await stage.ids(Kind.USER, 2) == [theirs]
    assert await DirectoryStore(stage.database).located(stage.directories[0].id) is None


# Exchanges, counters, keys, deployment


def an_exchange(stage: Stage, **more: Any) -> Exchange:
    """Something that was asked."""
    given = {"id": ExchangeId(stage.desk.fresh_id()), "token_id": None, "at": stage.desk.now(), "method": "POST",
             "path": "/Users", "status": 201, "duration": 7, **more}  # fmt: skip
    org, place = here(stage)
    return Exchange(organization_id=org, directory_id=place, **given)


async def holds_exchanges_come_back_as_they_were_kept(stage: Stage) -> None:
    """With the place of the entry that they led to; newest first, page by page."""
    store = ExchangeStore(stage.database)
    one = an_exchange(
        stage, token_id=TokenId(b"t" * 16), client="c/1", address="192.0.2.1", content_type="a/b", accept="c/d",
        request=b'{"x":1}', request_note="cut", quirks=("a", "b"), answer=b"{}", answer_resource=b"r" * 16,
        answer_revision=3, not_applied="user.deleted",
    )  # fmt: skip
    seq = await stage.write(one)
    assert await store.show(*here(stage), one.id) == replace(one, seq=seq)
    assert await store.show(*here(stage), ExchangeId(b"\x00" * 16)) is None
    assert await store.not_applied(*here(stage)) == [replace(one, seq=seq)]
    later = [an_exchange(stage) for _ in range(4)]
    for exchange in later:
        await stage.write(exchange, entries=0)
    newest = await store.latest(*here(stage), None, 3)
    assert [found.id for found in newest] == [found.id for found in reversed(later)][:3]
    older = await store.latest(*here(stage), newest[-1].id, 3)
    assert [found.id for found in older] == [later[0].id, one.id]


async def holds_an_exchange_can_be_ended_afterwards(stage: Stage) -> None:
    """Quirks and duration are known only when everything was done."""
    one = an_exchange(stage)
    await stage.write(one, entries=0)
    await stage.write(ExchangeEnd(replace(one, quirks=("q",), duration=99)), entries=0)
    found = await ExchangeStore(stage.database).show(*here(stage), one.id)
    assert found is not None and (found.quirks, found.duration, found.status) == (("q",), 99, 201)


async def holds_what_was_gathered_is_added_up(stage: Stage) -> None:
    """Counters add, the last use stays, refusals are kept; an organization that is gone takes nothing."""
    org, place = here(stage)
    made = await Administration(stage.desk, CATALOGUE.types, ACTOR).add_token(stage.directories[0], 30)
    recorder = Recorder(stage.desk.clock)
    store = CounterStore(stage.database)
    for number in range(3):
        recorder.used(TokenUse(org, place, made.token.id, HOUR * number, f"192.0.2.{number}", "c"), "read")
        recorder.met(org, place, ["bare_token"])
        recorder.used(TokenUse(OrganizationId(b"\x00" * 16), place, made.token.id, 1, "", ""), "read")
        recorder.strange(StrangerRefusal(org, place, number, "GET", "/x", "unknown token", "c", "192.0.2.9"))
        recorder.used(TokenUse(org, place, made.token.id, HOUR * number, f"192.0.2.{number}", "c"), "write")
        recorder.refused(an_exchange(stage, status=409))
        await store.write(recorder.taken(), stage.desk.now())
    standing = await DirectoryStore(stage.database).standing(stage.key)
    assert (standing.reads, standing.quirks, standing.last_request_at) == (3, {"bare_token": 3}, HOUR * 2)
    used = await DirectoryStore(stage.database).token_by_id(made.token.id)
    assert used is not None and (used.last_used_at, used.last_address) == (HOUR * 2, "192.0.2.2")
    exchanges = ExchangeStore(stage.database)
    assert [one.status for one in await exchanges.latest(org, place, None, 9)] == [409] * 3
    assert len(await exchanges.strangers(org, place)) == 3
    await store.expire(stage.desk.now())
    assert await exchanges.latest(org, place, None, 9) == []


async def holds_keys_change_only_for_who_knew_them(stage: Stage) -> None:
    """The record is replaced whole, or not at all."""
    store = KeyRecordStore(stage.database)
    assert await store.read() == NO_KEYS
    first = KeyRecord(b"one", (DataKey(1, b"w", 5),))
    await store.replace(first, b"")
    with pytest.raises(KeysChanged):
        await store.replace(KeyRecord(b"two", ()), b"")
    with pytest.raises(KeysChanged):
        await store.replace(KeyRecord(b"two", ()), b"wrong")
    assert await store.read() == first
    second = KeyRecord(b"two", (DataKey(1, b"w", 5, 6), DataKey(2, b"v", 6)))
    await store.replace(second, b"one")
    assert await store.read() == second


async def holds_the_deployment_has_values(stage: Stage) -> None:
    """The first one to set a value decides it, until it is replaced."""
    store = DeploymentStore(stage.database)
    assert await store.value("epoch") is None
    assert await asyncio.gather(*(store.first("epoch", f"e{number}") for number in range(3))) == ["e0"] * 3
    await store.replace("epoch", "other")
    assert (await store.value("epoch"), await store.first("epoch", "x")) == ("other", "other")


async def holds_another_directory_of_the_same_organization_is_apart(stage: Stage) -> None:
    """Names, members, pages and counts are a directory's own."""
    other = await new_directory(stage.desk, stage.directories[0].organization, "Third")
    stage.directories = (*stage.directories, other)
    ann = await stage.user("ann", 3)
    assert await stage.ids(Kind.USER) == []
    assert await stage.ids(Kind.USER, 3) == [ann]
