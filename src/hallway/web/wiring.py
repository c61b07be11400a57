"""The one place where adapters are constructed: settings in, a Hub that can serve or be commanded out."""

import os
import time
from dataclasses import dataclass
from typing import Literal

import orjson

from hallway.accounts.model import DEPLOYMENT
from hallway.dns import DnsRecords, PublicSuffixes
from hallway.exchanges.service import Recorder
from hallway.hub.directories.catalogue import Catalogue
from hallway.hub.directories.desk import Desk
from hallway.hub.directories.links import Ties
from hallway.hub.organizations.contacts import ContactBook
from hallway.hub.organizations.proving import DomainDesk
from hallway.hub.organizations.roster import Roster
from hallway.hub.organizations.service import Registrar
from hallway.ids import AccountId
from hallway.journal.model import Row
from hallway.key_file import read_or_make_master_key
from hallway.keys.service import HeldRing, held_ring
from hallway.scim.declared import DeclarationProblem, DeclaredExtension, declared_schemas
from hallway.setting_values import SqliteLocation
from hallway.settings import Settings, SettingsProblem
from hallway.store.activity import ActivityStore
from hallway.store.counters import CounterStore
from hallway.store.database import Database
from hallway.store.directories import DirectoryStore
from hallway.store.domains import DomainStore
from hallway.store.exchanges import ExchangeStore
from hallway.store.invitations import InvitationStore
from hallway.store.journal import JournalStore
from hallway.store.keys import DeploymentStore, KeyRecordStore
from hallway.store.links import LinkStore
from hallway.store.members import MemberStore
from hallway.store.migrate import SchemaProblem
from hallway.store.opening import Opening, current, migrate, opened
from hallway.store.organizations import OrganizationStore
from hallway.store.people import PeopleStore
from hallway.store.reading import ResourceStore
from hallway.store.sqlite import SqliteOptions


@dataclass(frozen=True, slots=True)
class Stores:
    """Every port's adapter, over one database."""

    database: Database
    organizations: OrganizationStore
    directories: DirectoryStore
    resources: ResourceStore
    journal: JournalStore
    exchanges: ExchangeStore
    people: PeopleStore
    activity: ActivityStore
    links: LinkStore
    members: MemberStore
    counters: CounterStore
    deployment: DeploymentStore
    keys: KeyRecordStore
    invitations: InvitationStore
    domains: DomainStore


@dataclass(frozen=True, slots=True)
class Hub:
    """An open Hub: what commands and requests work with."""

    settings: Settings
    stores: Stores
    desk: Desk
    registrar: Registrar
    roster: Roster
    domain_desk: DomainDesk
    contact_book: ContactBook
    catalogue: Catalogue
    keys: HeldRing


def clock() -> int:
    """Microseconds since 1970."""
    return time.time_ns() // 1000


def opening_of(settings: Settings) -> Opening:
    """How this deployment's database is opened."""
    location = settings.database
    url = f"sqlite:///{location.path}" if isinstance(location, SqliteLocation) else location.url
    options = SqliteOptions(settings.sqlite_cache_mib, settings.scan_time_limit_ms / 1000)
    return Opening(url, settings.postgres_connections, options)


def catalogue_of(settings: Settings) -> Catalogue:
    """The declared schemas; raises `SettingsProblem` with every mistake in every file."""
    found: list[DeclaredExtension] = []
    mistakes: list[str] = []
    for path in settings.scim_schemas:
        try:
            found += declared_schemas(orjson.loads(path.read_bytes()))
        except OSError as fault:
            mistakes.append(f"scim_schemas: {path} cannot be read ({fault.strerror})")
        except orjson.JSONDecodeError as fault:
            mistakes.append(f"scim_schemas: {path} is not JSON: {fault}")
        except DeclarationProblem as problem:
            mistakes += [f"scim_schemas: {path}: {mistake}" for mistake in problem.mistakes]
    if mistakes:
        raise SettingsProblem(mistakes)
    return Catalogue(tuple(found))


async def opened_hub(settings: Settings, may_migrate: Literal["always", "if_empty"] = "if_empty") -> Hub:
    """Open the deployment: keys, schema, stores.

    An empty database gets its schema; one of an older program only where it may "always" be migrated.
    Raises `Unavailable`, `SchemaProblem`, `WrongMasterKey`, `KeyFileProblem`, `SettingsProblem`.
    """
    catalogue = catalogue_of(settings)
    master = read_or_make_master_key(settings)
    opening = opening_of(settings)
    await migrate(opening, only_empty=may_migrate == "if_empty")
    database = opened(opening)
    try:
        if not await current(database):
            raise SchemaProblem("The database is of an older program. Run: hallway migrate")
        keys = await held_ring(KeyRecordStore(database), master, clock())
    except BaseException:
        await database.close()
        raise
    stores = _stores(database)
    await stores.deployment.opened(DEPLOYMENT)
    ties = Ties(stores.links, stores.members, _can_sign_in)
    desk = Desk(database, stores.resources, stores.directories, clock, os.urandom, ties)
    registrar = Registrar(database, stores.organizations, clock, os.urandom)
    roster = Roster(
        database, stores.organizations, stores.members, stores.invitations, clock, os.urandom, _can_sign_in, _letters,
        settings.base_url,
    )  # fmt: skip
    domain_desk = DomainDesk(
        database, stores.domains, stores.members, stores.domains, DnsRecords(settings.dns_resolvers), PublicSuffixes(),
        clock, os.urandom, _letters, settings.base_url, settings.development_domains,
    )  # fmt: skip
    book = ContactBook(database, stores.domains, clock, os.urandom)
    return Hub(settings, stores, desk, registrar, roster, domain_desk, book, catalogue, keys)


def _letters(tenant: bytes, to: str, subject: str, text: str) -> tuple[Row, ...]:
    """There is no mail yet: commands print what a letter would say."""
    return ()


async def _can_sign_in(_: AccountId) -> bool:
    """Whoever has an account; no account can be made yet, so nobody is asked about."""
    return True


def _stores(database: Database) -> Stores:
    return Stores(
        database,
        OrganizationStore(database),
        DirectoryStore(database),
        ResourceStore(database),
        JournalStore(database),
        ExchangeStore(database),
        PeopleStore(database),
        ActivityStore(database),
        LinkStore(database),
        MemberStore(database),
        CounterStore(database),
        DeploymentStore(database),
        KeyRecordStore(database),
        InvitationStore(database),
        DomainStore(database),
    )


def recorder() -> Recorder:
    """What gathers counters and refusals."""
    return Recorder(clock)
