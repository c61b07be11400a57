"""The second fence: where a statement forgets its organization, nobody else's row comes out.

Each read statement loses its condition on the organization, and is asked in one organization's name for what is
another's. With the condition nothing is found; without it, a `TenantBreach`, and nothing else.
"""

import importlib
import pkgutil
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import hallway.store
from hallway.exchanges.model import Exchange
from hallway.hub.directories.administration import Administration
from hallway.hub.directories.model import Kind
from hallway.hub.directories.resources import DirectoryKey
from hallway.hub.directories.tokens import MadeToken
from hallway.hub.operators.model import NewOperator
from hallway.hub.organizations.notices import NewNotice
from hallway.hub.setup.model import NewSetupLink, NewSetupSession
from hallway.ids import GROUP, ExchangeId, MailId, ResourceId, wire
from hallway.journal.model import TenantBreach
from hallway.outbox.model import NewMail
from hallway.store import (
    archive_organization,
    directories,
    exchanges,
    journal,
    notices,
    operators,
    organizations,
    outgoing_mail,
    paging,
    problems,
    reading,
    setup,
)
from hallway.store.database import everywhere, tenant
from hallway.store.directories import DirectoryStore
from hallway.store.exchanges import KEEP_STRANGER, ExchangeStore
from hallway.store.journal import JournalStore
from hallway.store.notices import NoticeStore
from hallway.store.operators import OperatorStore
from hallway.store.organizations import OrganizationStore
from hallway.store.setup import SetupLinkStore
from hallway.store.statement import ALL, Statement, Step, statement
from tests.house.source import ROOT
from tests.store import conformance_operators, conformance_setup
from tests.store.fence_api import API_READS, settle_api
from tests.store.fence_applications import APPLICATION_READS, settle_applications
from tests.store.fence_delivery import DELIVERY_READS, settle_deliveries
from tests.store.fence_feed import FEED_READS, settle_receipts, settle_streams
from tests.store.fence_pages import PAGE_READS, settle_pages, settle_people
from tests.store.fence_settings import SETTINGS_READS, settle
from tests.store.stage import ACTOR, CATALOGUE, Stage, search, staged
from tests.web.deployment import deployed

SECRET = "nobody-elses-business"


class Trespass:
    """What is Beta's, asked for in Acme's name."""

    def __init__(self, stage: Stage, ids: dict[str, Any]) -> None:
        self.stage = stage
        self.ids = ids
        own, foreign = stage.key_of(0), stage.key_of(2)
        self.key = DirectoryKey(own.organization_id, foreign.directory_id)

    @property
    def user(self) -> ResourceId:
        """Beta's user."""
        return ResourceId(self.ids["user"])

    @property
    def group(self) -> ResourceId:
        """Beta's group."""
        return ResourceId(self.ids["group"])


Ask = Callable[[Trespass], Awaitable[object]]
_R = reading
READS: dict[str, tuple[Any, str, Ask]] = {
    "resource_by_id": (_R, "BY_ID", lambda t: t.stage.resources.by_id(t.key, Kind.USER, t.user)),
    "resource_id_by_name": (_R, "ID_BY_NAME", lambda t: t.stage.resources.id_by_name(t.key, Kind.USER, SECRET)),
    "resource_display": (_R, "DISPLAY", lambda t: t.stage.resources.display_of_user(t.key, t.user)),
    "resource_gone_by_external_id": (
        _R, "GONE_BY_EXTERNAL_ID", lambda t: t.stage.resources.gone_by_external_id(t.key, "gone"),
    ),
    "members_of_group": (_R, "MEMBERS", lambda t: t.stage.resources.members(t.key, t.group, False)),
    "members_of_groups": (_R, "MEMBERS_OF", lambda t: t.stage.resources.members_of(t.key, [t.group])),
    "member_candidate": (_R, "CANDIDATE", lambda t: t.stage.resources.candidates(t.key, t.group, [t.user])),
    "member_candidates": (_R, "CANDIDATES", lambda t: t.stage.resources.candidates(t.key, t.group, [t.user, t.group])),
    "group_texts": (_R, "GROUP_TEXTS", lambda t: t.stage.resources._with_groups(t.key, [(None, t.group.hex())])),
    "groups_holding": (_R, "GROUPS_HOLDING", lambda t: t.stage.resources.groups_holding(t.key, [t.user])),
    "users_after": (_R, "USERS_AFTER", lambda t: _walk(t, 1)),
    "users_from": (_R, "USERS_FROM", lambda t: _walk(t, 2)),
    "resource_counts": (_R, "COUNTS", lambda t: _walk(t, 1)),
    "memberships_between": (_R, "MEMBERSHIPS", lambda t: t.stage.resources._memberships(t.key, [_line(t)])),
    "resource_count_of": (_R, "COUNT", lambda t: t.stage.resources.nesting(t.key)),
    "resources_by_id": (paging, "BY_IDS", lambda t: _by_ids(t)),
    "organization_by_id": (
        organizations, "BY_ID", lambda t: OrganizationStore(t.stage.database).by_id(t.key.organization_id),
    ),
    "directory_by_id": (
        directories, "DIRECTORY_BY_ID",
        lambda t: DirectoryStore(t.stage.database).directory(t.key.organization_id, t.key.directory_id),
    ),
    "directories": (
        directories, "DIRECTORIES", lambda t: DirectoryStore(t.stage.database).of_organization(t.key.organization_id),
    ),
    "token_by_id": (directories, "TOKEN_BY_ID", lambda t: _token(t)),
    "tokens": (directories, "TOKENS", lambda t: DirectoryStore(t.stage.database).tokens(t.key)),
    "directory_counts": (directories, "COUNTS", lambda t: DirectoryStore(t.stage.database).standing(t.key)),
    "directory_quirks": (directories, "QUIRKS", lambda t: DirectoryStore(t.stage.database).standing(t.key)),
    "directory_requests": (directories, "REQUESTS", lambda t: DirectoryStore(t.stage.database).standing(t.key)),
    "directory_last_request": (
        directories, "LAST_REQUEST", lambda t: DirectoryStore(t.stage.database).standing(t.key),
    ),
    "exchange_show": (
        exchanges, "SHOW", lambda t: ExchangeStore(t.stage.database).show(*_both(t), t.ids["exchange"]),
    ),
    "exchanges_latest": (exchanges, "LATEST", lambda t: ExchangeStore(t.stage.database).latest(*_both(t), None, 10)),
    "exchanges_not_applied": (
        exchanges, "NOT_APPLIED", lambda t: ExchangeStore(t.stage.database).not_applied(*_both(t)),
    ),
    "stranger_refusals": (exchanges, "STRANGERS", lambda t: ExchangeStore(t.stage.database).strangers(*_both(t))),
    "journal_after": (journal, "AFTER", lambda t: JournalStore(t.stage.database).after(t.key.organization_id, 0, 999)),
    "journal_of_subject": (
        journal, "OF_SUBJECT", lambda t: JournalStore(t.stage.database).of_subject(*_both(t), t.user),
    ),
    "versions_around": (journal, "VERSIONS", lambda t: _around(t)),
    "directory_ids": (
        archive_organization, "ALL_DIRECTORIES",
        lambda t: archive_organization.directory_ids(t.stage.database, t.key.organization_id),
    ),
    "request_counts": (
        archive_organization, "REQUEST_COUNTS", lambda t: archive_organization.request_counts(t.stage.database, t.key),
    ),
    "quirk_counts": (
        archive_organization, "QUIRK_COUNTS", lambda t: archive_organization.quirk_counts(t.stage.database, t.key),
    ),
    "document_at_revision": (
        archive_organization, "AT_REVISION",
        lambda t: archive_organization.document_at(t.stage.database, t.key, t.user, 1),
    ),
    "notices": (notices, "TOLD", lambda t: NoticeStore(t.stage.database).told(t.key.organization_id, SECRET)),
    "outgoing_mail_by_id": (outgoing_mail, "BY_ID", lambda t: _mail(t)),
    "setup_link_by_id": (setup, "BY_ID", lambda t: _links(t).link(t.key.organization_id, t.ids["link"])),
    "setup_links": (setup, "LINKS", lambda t: _links(t).links(t.key.organization_id)),
    "operator_by_account": (operators, "BY_ACCOUNT", lambda t: _operators(t).operator(t.ids["operator"])),
    "problems": (
        problems, "TROUBLES", lambda t: problems.TroubleStore(t.stage.database).since(t.key.organization_id, 0),
    ),
    "operators": (operators, "OPERATORS", lambda t: _operators(t).operators()),
    "setup_session_by_id": (setup, "SESSION_BY_ID", lambda t: _links(t).session(t.key.organization_id, t.ids["visit"])),
}  # fmt: skip
READS |= API_READS | APPLICATION_READS | SETTINGS_READS | PAGE_READS | FEED_READS | DELIVERY_READS
UNFENCED = {
    "journal_head", "journal_found", "deployment_head", "resource_by_name",
    "connection_unchanged", "member_address_held", "member_address_taken", "member_administrator_remains",
    "operator_owner_remains", "grant_holds", "signing_key_alone", "journal_subject_at",
}  # fmt: skip
"""Read by the writers themselves, who show nothing of them but whether a place is there (a head, an entry, what a
question of a change asks); of an entry only whom it is about; and by the quick reads, which match the organization
themselves (tests/web/test_quick_reads.py)."""


def _both(t: Trespass) -> tuple[Any, Any]:
    return t.key.organization_id, t.key.directory_id


def _operators(t: Trespass) -> OperatorStore:
    return OperatorStore(t.stage.database, t.key.organization_id)


def _links(t: Trespass) -> SetupLinkStore:
    return SetupLinkStore(t.stage.database)


def _line(t: Trespass) -> Any:
    return (t.key.organization_id, t.user)


async def _walk(t: Trespass, start: int) -> object:
    walk = await t.stage.resources.walk(t.key, start, 1, None)
    return None if walk is None else walk.lines


async def _by_ids(t: Trespass) -> object:
    return await t.stage.resources.page(t.key, search(Kind.USER, sort="meta.version"))


async def _token(t: Trespass) -> object:
    """The locator is global: it is made to point at the wrong organization."""
    moved = statement_once("locator_moved", "UPDATE locator SET organization_id = ?1 WHERE target = ?2")
    await t.stage.database.run([Step(moved, (t.key.organization_id, t.ids["token"]))])
    return await DirectoryStore(t.stage.database).token_by_id(t.ids["token"])


async def _mail(t: Trespass) -> object:
    """Claiming moves a mail first, which finds nothing of another organization; so only the reading is tried."""
    return await tenant(t.stage.database, t.key.organization_id).row(outgoing_mail.BY_ID, t.ids["mail"])


async def _around(t: Trespass) -> object:
    entry = t.stage.entry("user.updated", t.user)
    asked = replace(entry, directory_id=t.key.directory_id)
    before, after = await JournalStore(t.stage.database).around(t.key.organization_id, asked, t.ids["seq"])
    return before or after


def statement_once(name: str, sql: str) -> Statement:
    """A statement of the test's own, not registered."""
    made = ALL.get(name) or statement(name, sql)
    ALL.pop(name, None)
    return made


def loosened(one: Statement, *columns: str) -> Statement:
    """The statement without its conditions on the organization (and on other columns that are named)."""
    sqlite, postgres = one.sqlite, one.postgres
    for number, column in enumerate(("organization_id", *columns), 1):
        condition = rf"\b(?:\w+\.)?{column} = "
        sqlite = re.sub(rf"{condition}\?{number}(?!\d)", f"?{number} IS NOT NULL", sqlite)
        postgres = re.sub(rf"{condition}\${number}(?!\d)", f"${number}::bytea IS NOT NULL", postgres)
    assert sqlite != one.sqlite and postgres != one.postgres
    return replace(one, sqlite=sqlite, postgres=postgres)


@pytest.mark.parametrize("name", READS)
async def test_a_read_that_forgets_its_organization_shows_nothing(
    name: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, attribute, ask = READS[name]
    async with staged(database_url) as stage:
        trespass = await _trespass(stage)
        if name == "resources_by_id":
            monkeypatch.setattr(paging, "_HERE", _loose_here())
        else:
            assert not _shows(await ask(trespass), trespass)
            monkeypatch.setattr(module, attribute, loosened(getattr(module, attribute)))
        with pytest.raises(TenantBreach) as breach:
            await ask(trespass)
        assert SECRET not in str(breach.value)


@pytest.mark.parametrize("sort", [None, "displayName", "meta.version"])
@pytest.mark.parametrize("text", [None, f'userName eq "{SECRET}"', 'title pr and not (emails[value eq "x"])'])
async def test_a_search_that_forgets_its_organization_shows_nothing(
    text: str | None, sort: str | None, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with staged(database_url) as stage:
        trespass = await _trespass(stage)
        asked = search(Kind.USER, text, sort)
        assert (await stage.resources.page(trespass.key, asked)).stored == []
        monkeypatch.setattr(paging, "_HERE", _loose_here())
        with pytest.raises(TenantBreach):
            await stage.resources.page(trespass.key, asked)


def test_every_read_statement_is_tried() -> None:
    for module in pkgutil.iter_modules(hallway.store.__path__, "hallway.store."):
        importlib.import_module(module.name)
    reads = {name for name, one in ALL.items() if one.sqlite.startswith("SELECT") and not name.startswith("global_")}
    assert reads == READS.keys() | UNFENCED


async def test_what_is_not_global_cannot_be_read_everywhere(sqlite_database: str) -> None:
    async with staged(sqlite_database) as stage:
        for one in ALL.values():
            if not one.name.startswith("global_"):
                with pytest.raises(TenantBreach):
                    await everywhere(stage.database, one)


async def test_at_the_door_a_breach_is_a_500_that_shows_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as deployment:
        acme, beta = await deployment.connected(), await deployment.connected()
        foreign = await beta.user(SECRET, title=SECRET)
        assert foreign.status == 201
        assert (await acme.get(f"/Users/{foreign.id}")).status == 404
        monkeypatch.setattr(reading, "BY_ID", loosened(reading.BY_ID, "directory_id"))
        for answer in (
            await acme.get(f"/Users/{foreign.id}"),
            await acme.patch(f"/Users/{foreign.id}", {"op": "replace", "path": "title", "value": "mine"}),
            await acme.delete(f"/Users/{foreign.id}"),
        ):
            assert answer.status == 500
            assert SECRET.encode() not in answer.raw and foreign.id.encode() not in answer.raw


def _loose_here() -> str:
    return "COALESCE(?1, r.organization_id) IS NOT NULL AND r.directory_id = ?2 AND r.kind = ?3"


def _shows(found: object, trespass: Trespass) -> bool:
    """Whether anything of Beta's is in an answer."""
    told = repr(list(found.values()) if isinstance(found, Mapping) else found)
    return SECRET in told or repr(trespass.user) in told or repr(trespass.group) in told


async def _trespass(stage: Stage) -> Trespass:
    """Beta, with something in every table."""
    beta = stage.directories[2]
    user = await settle_people(stage, SECRET)
    await stage.user("somebody else", 2)
    inner = await stage.group(f"{SECRET} inner", user, place=2)
    group = await stage.group(SECRET, user, groups=(inner,), place=2)
    left = await stage.group(f"{SECRET} left", place=2)
    holder = await stage.group(f"{SECRET} holder", groups=(left,), place=2)
    remove = {"op": "remove", "path": f'members[value eq "{wire(GROUP, left)}"]'}
    await stage.patch_group(holder, remove, place=2)
    made: MadeToken = await Administration(stage.desk, CATALOGUE.types, ACTOR).add_token(beta, 30, SECRET)
    exchange = ExchangeId(stage.desk.fresh_id())
    await stage.write(
        Exchange(exchange, beta.organization_id, beta.id, made.token.id, 1, "POST", SECRET, 201, 1, not_applied="x"),
        organization=beta.organization_id,
    )
    here = (beta.organization_id, beta.id)
    counts = [
        Step(ALL["request_count_add"], (*here, 1, "read", 1)),
        Step(ALL["request_count_add"], (*here, 1, "refused", 1)),
        Step(ALL["quirk_count_add"], (*here, SECRET, 1, 1)),
        Step(KEEP_STRANGER, (*here, 0, 1, "GET", SECRET, SECRET, SECRET, "192.0.2.9")),
    ]
    await stage.database.run(counts)
    seq = (await stage.stored(Kind.USER, user, 2)).seq
    link = replace(conformance_setup.link(stage, 2), label=SECRET)
    visit = replace(conformance_setup.session(stage, link), client=SECRET)
    await stage.write(NewSetupLink(link), NewSetupSession(visit), organization=beta.organization_id)
    mail = NewMail(beta.organization_id, MailId(stage.desk.fresh_id()), SECRET.encode(), 1)
    await stage.write(mail, organization=beta.organization_id)
    await stage.write(NewNotice(beta.organization_id, SECRET, user, 1, 1), organization=beta.organization_id)
    ids = {"user": user, "group": group, "token": made.token.id, "exchange": exchange, "seq": seq}
    ids |= {"left": left, "holder": holder, **await settle_receipts(stage, SECRET)}
    ids |= await settle_deliveries(stage, SECRET) | await settle_api(stage, SECRET)
    ids |= {"link": link.id, "visit": visit.id, "mail": mail.id, **await settle(stage, SECRET)}
    ids |= await settle_pages(stage, SECRET, ids)
    ids |= await settle_streams(stage, SECRET)
    ids |= await settle_applications(stage, SECRET)
    operator = conformance_operators.operator(stage)
    await stage.write(NewOperator(operator), organization=beta.organization_id)
    ids |= {"operator": operator.account_id}
    return Trespass(stage, ids)


def test_every_read_goes_through_the_fence() -> None:
    """No module of the store asks the database itself, but those that fence rows or read the schema's record."""
    asking = {path.stem for path in (ROOT / "src/hallway/store").glob("*.py") if "database.fetch(" in path.read_text()}
    assert asking == {"database", "opening"}
