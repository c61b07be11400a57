"""Organizations: made, changed, suspended, resumed, removed."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import apsw
import pytest

from hallway.hub.organizations.model import UNLOCKED, Feature, OrganizationState, Plan
from hallway.hub.organizations.service import Refused
from hallway.ids import ORGANIZATION, wire
from tests.rooms.opened import OPERATOR, made_place, opened


async def test_an_organization_is_found_by_its_id_and_by_the_vendors_own(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        acme = await hub.registrar.create("  Acme ", Plan.ENTERPRISE, "customer-7", OPERATOR)
        beta = await hub.registrar.create("Beta", Plan.FREE, None, OPERATOR)
        assert acme.name == "Acme"
        assert await hub.registrar.found("customer-7") == acme
        assert await hub.registrar.found(wire(ORGANIZATION, beta.id)) == beta
        assert list(await hub.stores.organizations.all()) == [acme, beta]
        for nobody in ("customer-8", "org_" + "0" * 32):
            with pytest.raises(Refused) as refused:
                await hub.registrar.found(nobody)
            assert refused.value.reason == "not_found"


@pytest.mark.parametrize(
    ("name", "external_id"),
    [("", None), (" ", None), ("x" * 201, None), ("a\nb", None), ("Acme", ""), ("Acme", "x" * 257), ("Acme", "org_1")],
)
async def test_names_are_printable_and_external_ids_never_look_like_ours(
    tmp_path: Path, name: str, external_id: str | None
) -> None:
    async with opened(tmp_path) as hub:
        with pytest.raises(Refused) as refused:
            await hub.registrar.create(name, Plan.FREE, external_id, OPERATOR)
        assert refused.value.reason == "invalid"
        assert list(await hub.stores.organizations.all()) == []


async def test_an_external_id_belongs_to_one_organization(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(tmp_path) as hub:
        await hub.registrar.create("Acme", Plan.FREE, "7", OPERATOR)
        with pytest.raises(Refused, match="external id '7'"):
            await hub.registrar.create("Beta", Plan.FREE, "7", OPERATOR)

        class Late(type(hub.registrar)):  # type: ignore[misc]
            async def _refuse_taken(self, external_id: str) -> None:
                """Somebody else was faster, after the check."""

        late = Late(hub.stores.database, hub.stores.organizations, hub.desk.clock, hub.desk.entropy)
        with pytest.raises(Refused, match="just now"):
            await late.create("Beta", Plan.FREE, "7", OPERATOR)


async def test_suspending_and_resuming_are_journaled_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        acme = await hub.registrar.create("Acme", Plan.FREE, None, OPERATOR)
        suspended = await hub.registrar.suspend(acme, OPERATOR)
        assert suspended.state is OrganizationState.SUSPENDED
        assert await hub.registrar.suspend(suspended, OPERATOR) == suspended
        assert await hub.registrar.resume(suspended, OPERATOR) == acme
        updated = await hub.registrar.update(replace(acme, name="Acme Ltd", plan=Plan.ENTERPRISE), OPERATOR)
        assert await hub.registrar.found(wire(ORGANIZATION, acme.id)) == updated
        entries = await hub.stores.journal.after(acme.id, 0, 10)
        assert [one.entry.type for one in entries] == [
            "organization.created", "organization.suspended", "organization.resumed", "organization.updated",
        ]  # fmt: skip
        assert entries[-1].entry.facts == {"plan": "enterprise", "state": "active"}
        assert entries[-1].personal == {"name": "Acme Ltd"}


def test_only_the_enterprise_plan_unlocks_anything() -> None:
    assert UNLOCKED[Plan.FREE] == frozenset()
    assert UNLOCKED[Plan.ENTERPRISE] == frozenset(Feature)


async def test_a_removed_organization_leaves_nothing_and_takes_nothing_of_others(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        one, other = await made_place(hub), await made_place(hub)
        for place in (one, other):
            ada = await place.user("ada", emails=[{"value": "a@example.com"}])
            await place.group("Engineering", ada)
            await place.patch(ada, {"op": "replace", "path": "title", "value": "x"})
        while await hub.stores.feed.place():
            pass
        before = rows(tmp_path, other.directory.organization_id)
        await hub.registrar.delete(one.directory.organization)
        left = rows(tmp_path, one.directory.organization_id)
        assert {table: count for table, count in left.items() if count} == {"feed_ended": 1}
        while await hub.stores.feed.place():
            pass
        left = rows(tmp_path, one.directory.organization_id)
        assert {table: count for table, count in left.items() if count} == {"feed": 1}, "that it is gone, and no more"
        assert rows(tmp_path, other.directory.organization_id) == before
        assert await hub.stores.directories.located(one.directory.id) is None


def rows(folder: Path, organization: bytes) -> dict[str, int]:
    connection = apsw.Connection(str(folder / "hallway.db"))
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found: dict[str, int] = {}
    for table in tables:
        columns: list[Any] = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        if "organization_id" in columns:
            query = f"SELECT COUNT(*) FROM {table} WHERE organization_id = ?"
            found[table] = int(next(iter(connection.execute(query, (organization,))))[0])
    connection.close()
    return found
