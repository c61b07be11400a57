"""The one place where adapters are constructed: settings in, a Hub that can serve or be commanded out."""

import os
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Literal
from urllib.parse import urlsplit

import orjson

from hallway.accounts.desk import SESSION_HOURS, AccountDesk, Means
from hallway.accounts.model import DEPLOYMENT, AccountState, Realm
from hallway.accounts.passkeys import RelyingParty
from hallway.accounts.passwords import Argon2, Breached
from hallway.accounts.ports import Letters, Onlookers
from hallway.accounts.rooms import AccountRooms, Paths, account_rooms
from hallway.dns import DnsRecords, PublicSuffixes
from hallway.exchanges.service import Recorder
from hallway.http_client import GuardedClient, Reach, checked
from hallway.hub.applications.api_keys import KeyDesk
from hallway.hub.applications.desk import ApplicationDesk, Circle
from hallway.hub.applications.leaving import SignedInElsewhere
from hallway.hub.applications.model import ApplicationState
from hallway.hub.applications.signing import Signing
from hallway.hub.connections.desk import ConnectionDesk
from hallway.hub.connections.enforcement import EnforcementDesk
from hallway.hub.connections.own_keys import RsaKeys
from hallway.hub.connections.ports import Unreachable, Vault
from hallway.hub.connections.ways import OpenWays
from hallway.hub.directories.catalogue import Catalogue
from hallway.hub.directories.desk import Desk
from hallway.hub.directories.links import Ties
from hallway.hub.directories.profiles import MemberProfiles
from hallway.hub.events.following import Follower
from hallway.hub.events.snapshot import Surveyor
from hallway.hub.events.telling import Teller
from hallway.hub.operators.failures import FailedSignIns
from hallway.hub.operators.model import SESSION_HOURS as OPERATOR_SESSION_HOURS
from hallway.hub.operators.problems import Lookout
from hallway.hub.operators.service import OperatorDesk
from hallway.hub.organizations.alarms import Alarms
from hallway.hub.organizations.contacts import ContactBook
from hallway.hub.organizations.proving import DomainDesk
from hallway.hub.organizations.roster import Roster
from hallway.hub.organizations.service import Registrar
from hallway.hub.setup.service import SetupDesk
from hallway.hub.sign_in.desk import SignInDesk
from hallway.hub.sign_in.verdict import Registry
from hallway.ids import AccountId
from hallway.journal.feed import Bell
from hallway.key_file import read_or_make_master_key
from hallway.keys.ring import Ring
from hallway.keys.service import HeldRing, held_ring
from hallway.keys.stamp import Stamp
from hallway.mail import FolderCarrier, Sender, SmtpCarrier
from hallway.outbound import Outbound, OutboundProblem, Question
from hallway.outbox.letterbox import Letterbox, no_letters
from hallway.outbox.postman import Postman
from hallway.scim.declared import DeclarationProblem, DeclaredExtension, declared_schemas
from hallway.setting_values import SqliteLocation
from hallway.settings import Settings, SettingsProblem
from hallway.store.accounts import AccountStore
from hallway.store.activity import ActivityStore
from hallway.store.api_keys import ApiKeyStore
from hallway.store.applications import ApplicationStore
from hallway.store.audit import AuditStore
from hallway.store.connections import ConnectionStore
from hallway.store.counters import CounterStore
from hallway.store.database import Database
from hallway.store.deliveries import DeliveryStore
from hallway.store.directories import DirectoryStore
from hallway.store.domains import DomainStore
from hallway.store.endpoints import EndpointStore
from hallway.store.enforcement import EnforcementStore
from hallway.store.events import EventStore
from hallway.store.exchanges import ExchangeStore
from hallway.store.feed import FeedStore
from hallway.store.grants import GrantStore
from hallway.store.idempotency import AnswerStore
from hallway.store.invitations import InvitationStore
from hallway.store.journal import JournalStore
from hallway.store.keys import DeploymentStore, KeyRecordStore
from hallway.store.lanes import LanesBeside, LaneStore
from hallway.store.links import LinkStore
from hallway.store.members import MemberStore
from hallway.store.migrate import SchemaProblem
from hallway.store.notices import NoticeStore
from hallway.store.opening import Opening, current, migrate, opened
from hallway.store.operators import OperatorStore
from hallway.store.organizations import OrganizationStore
from hallway.store.outgoing_mail import OutgoingMailStore
from hallway.store.people import PeopleStore
from hallway.store.problems import TroubleStore
from hallway.store.reading import ResourceStore
from hallway.store.receipts import ReceiptStore
from hallway.store.setup import ConcernedStore, SetupLinkStore
from hallway.store.sign_in import DirectoryPeopleStore, SignInStore
from hallway.store.signing_keys import SigningKeyStore
from hallway.store.snapshot import SnapshotStore
from hallway.store.sqlite import SqliteOptions
from hallway.store.streams import StreamStore

POST_THREADS: Final = 32
"""For resolving names of endpoints: those that do not answer may hold some of them."""
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
"""Hosts that a deployment for development asks without TLS."""


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
    accounts: AccountStore
    connections: ConnectionStore
    sign_ins: SignInStore
    directory_people: DirectoryPeopleStore
    enforcements: EnforcementStore
    outgoing_mail: OutgoingMailStore
    audit: AuditStore
    notices: NoticeStore
    feed: FeedStore
    events: EventStore
    applications: ApplicationStore
    grants: GrantStore
    signing_keys: SigningKeyStore
    receipts: ReceiptStore
    api_keys: ApiKeyStore
    answers: AnswerStore
    snapshot: SnapshotStore
    streams: StreamStore
    endpoints: EndpointStore
    lanes: LaneStore
    deliveries: DeliveryStore


@dataclass(frozen=True, slots=True)
class Mailing:
    """How this deployment sends mail. Without it nothing is promised, and nobody delivers."""

    letters: Letters
    postman: Postman | None = None
    carrier: SmtpCarrier | FolderCarrier | None = None
    kept: FolderCarrier | None = None


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
    people: AccountRooms
    operators: AccountRooms
    invitation_stamp: Stamp
    catalogue: Catalogue
    keys: HeldRing
    mailing: Mailing
    outbound: GuardedClient
    post: GuardedClient
    """The way out of deliveries: apart from all else, so that slow endpoints hold up nobody's sign-in."""
    epoch: bytes
    placed: Bell
    """Rings when entries got their positions in the feed."""
    failed_sign_ins: FailedSignIns

    @property
    def teller(self) -> Teller:
        """What makes events of entries."""
        return Teller(self.stores.events, self.stores.organizations, self.epoch)

    @property
    def follower(self) -> Follower:
        """What reads the feed for others."""
        return Follower(self.stores.feed, self.teller, self.placed)

    @property
    def surveyor(self) -> Surveyor:
        """What reads a snapshot for others."""
        return Surveyor(self.follower, self.stores.snapshot)

    @property
    def can_mail(self) -> bool:
        """Whether what a person should read reaches her; pages that need it say so where it does not."""
        return self.mailing.postman is not None


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
    stores = _stores(database, lambda: keys)
    await stores.deployment.opened(DEPLOYMENT)
    can_sign_in = CanSignIn(stores.accounts)
    ties = Ties(stores.links, stores.members, can_sign_in)
    stamp = Stamp(keys, "mail of an invitation")
    desk = Desk(database, stores.resources, stores.directories, clock, os.urandom, ties)
    mailing = _mailing(settings, stores.outgoing_mail, keys)
    registrar = Registrar(database, stores.organizations, clock, os.urandom)
    roster = Roster(
        database, stores.organizations, stores.members, stores.invitations, clock, os.urandom, can_sign_in,
        mailing.letters, settings.base_url, stamp.made,
    )  # fmt: skip
    domain_desk = DomainDesk(
        database, stores.domains, stores.members, stores.domains, DnsRecords(settings.dns_resolvers), PublicSuffixes(),
        clock, os.urandom, mailing.letters, settings.base_url, settings.development_domains,
    )  # fmt: skip
    book = ContactBook(database, stores.domains, clock, os.urandom)
    onlookers = SignedInElsewhere()
    people, operators = _rooms(settings, stores, keys, mailing, onlookers)
    epoch = await stores.deployment.first("epoch", desk.fresh_id().hex())
    reach = Reach(settings.outbound_allow, settings.is_on_loopback)
    hub = Hub(
        settings, stores, desk, registrar, roster, domain_desk, book, people, operators, stamp, catalogue, keys,
        mailing, GuardedClient(reach), GuardedClient(reach, threads=POST_THREADS), bytes.fromhex(epoch), Bell(),
        FailedSignIns(stores.accounts, stores.members, stores.counters, clock),
    )  # fmt: skip
    onlookers.desk = application_desk(hub)
    return hub


def _rooms(
    settings: Settings, stores: Stores, keys: HeldRing, mailing: Mailing, onlookers: Onlookers
) -> tuple[AccountRooms, AccountRooms]:
    """What people do with their accounts, and what operators do with theirs."""
    breached = Breached(settings.breached_passwords) if settings.breached_passwords else None
    means = Means(stores.database, stores.accounts, Argon2(), keys, mailing.letters)

    def rooms(realm: Realm, base_url: str, prefix: str, means: Means) -> AccountRooms:
        hours = SESSION_HOURS if realm is Realm.CONSOLE else OPERATOR_SESSION_HOURS
        parts = urlsplit(base_url)
        party = RelyingParty(parts.hostname or "", f"{parts.scheme}://{parts.netloc}")
        desk = AccountDesk(means, clock, os.urandom, base_url, settings.product_name, hours)
        return account_rooms(desk, realm, Paths(prefix), party, breached)

    console = rooms(Realm.CONSOLE, settings.base_url, "", replace(means, onlookers=onlookers))
    return console, rooms(Realm.OPERATOR, settings.operator_base_url or settings.base_url, "/operator", means)


def _mailing(settings: Settings, outbox: OutgoingMailStore, keys: HeldRing) -> Mailing:
    """By the server that is set; in development into a folder; else there is no mail."""
    sender = Sender(settings.mail_sender, settings.product_name)
    kept = FolderCarrier(settings.kept_mail, sender) if settings.kept_mail is not None else None
    carrier = kept if settings.smtp_url is None else SmtpCarrier(settings.smtp_url, sender)
    if carrier is None:
        return Mailing(no_letters)

    def ring() -> Ring:
        return keys.ring

    return Mailing(Letterbox(ring, clock, os.urandom), Postman(outbox, carrier, ring, clock), carrier, kept)


@dataclass(frozen=True, slots=True)
class CanSignIn:
    """Whether an account can sign in."""

    accounts: AccountStore

    async def __call__(self, account_id: AccountId) -> bool:
        account = await self.accounts.by_id(account_id)
        return account is not None and account.state is AccountState.ACTIVE


def _stores(database: Database, vault: Callable[[], Vault]) -> Stores:
    endpoints = EndpointStore(database, DEPLOYMENT)
    feed = FeedStore(database, LanesBeside(endpoints, clock).ready)
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
        AccountStore(database),
        ConnectionStore(database),
        SignInStore(database, vault),
        DirectoryPeopleStore(database, MemberStore(database)),
        EnforcementStore(database),
        OutgoingMailStore(database),
        AuditStore(database),
        NoticeStore(database),
        feed,
        EventStore(database),
        ApplicationStore(database),
        GrantStore(database),
        SigningKeyStore(database),
        ReceiptStore(database),
        ApiKeyStore(database),
        AnswerStore(database),
        SnapshotStore(database),
        StreamStore(database),
        endpoints,
        LaneStore(database, feed),
        DeliveryStore(database, feed),
    )


def application_desk(hub: Hub) -> ApplicationDesk:
    """What applications, their grants and tokens need."""
    stores = hub.stores
    circle = Circle(
        stores.organizations, stores.members, stores.accounts,
        OpenWays(stores.connections, stores.enforcements, clock),
        MemberProfiles(stores.resources, stores.links.proved_domains), hub.people.sessions.seen,
    )  # fmt: skip
    return ApplicationDesk(
        stores.database, stores.applications, stores.grants, signing(hub), circle, stores.endpoints, stores.lanes,
        clock, os.urandom, hub.settings.base_url, hub.settings.is_on_loopback,
    )  # fmt: skip


def signing(hub: Hub) -> Signing:
    """The keys that we sign by."""
    return Signing(hub.stores.database, hub.stores.signing_keys, hub.keys, clock, os.urandom)


def enforcement_desk(hub: Hub) -> EnforcementDesk:
    """What turning enforcement on and off needs."""
    stores = hub.stores
    return EnforcementDesk(stores.database, stores.enforcements, stores.members, hub.mailing.letters, clock, os.urandom)


def connection_desk(hub: Hub) -> ConnectionDesk:
    """What connections need."""
    stores, settings = hub.stores, hub.settings
    alarms = Alarms(stores.domains, stores.members, hub.mailing.letters)
    return ConnectionDesk(
        stores.database, stores.connections, stores.domains, hub.keys, RsaKeys(), Reading(hub.outbound), alarms, clock,
        os.urandom, settings.base_url, settings.is_on_loopback, http_hosts(settings),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """See `hallway.hub.connections.ports.Fetch`: through the one guarded way out."""

    outbound: Outbound

    async def __call__(self, url: str) -> bytes:
        """The body of a successful answer. Raises `Unreachable`."""
        try:
            answer = await self.outbound.ask(Question(url))
        except OutboundProblem as problem:
            raise Unreachable(str(problem)) from None
        if answer.status != 200:
            raise Unreachable(f"It answered with status {answer.status}.")
        return answer.body


def wrong_url(settings: Settings) -> Callable[[str], str | None]:
    """What is wrong with an address that we are to ask: a code of `hallway.outbound`; None where nothing is."""
    reach = Reach(settings.outbound_allow, settings.is_on_loopback)

    def wrong(url: str) -> str | None:
        try:
            host = checked(url, reach).host or ""
        except OutboundProblem as problem:
            return problem.code
        return "wrong_address" if reach.is_beyond(host) else None

    return wrong


def http_hosts(settings: Settings) -> frozenset[str]:
    """The hosts that may be asked without TLS."""
    return frozenset({*settings.outbound_allow, *(LOOPBACK if settings.is_on_loopback else ())})


def sign_in_desk(hub: Hub) -> SignInDesk:
    """What sign-ins through connections need."""
    stores = hub.stores
    registry = Registry(stores.connections, stores.members, stores.directory_people, stores.links.proved_domains)
    return SignInDesk(
        stores.database, stores.organizations, stores.sign_ins, registry, hub.people.desk, hub.keys, clock, os.urandom,
        hub.settings.base_url, http_hosts(hub.settings),
    )  # fmt: skip


async def setup_return_urls(hub: Hub, only: bytes | None = None) -> Collection[str]:
    """Where set-up links may lead back to: the deployment's addresses and those of active applications, or of `only`
    one of them.
    """
    found = [
        one for one in await hub.stores.applications.applications()
        if one.state is ApplicationState.ACTIVE and only in (None, one.id)
    ]  # fmt: skip
    return {*hub.settings.setup_return_urls, *(url for one in found for url in one.addresses.setup_return_uris)}


def setup_desk(hub: Hub, letters: Letters) -> SetupDesk:
    """What set-up links need; `letters` makes the mails that they promise."""
    database = hub.stores.database
    links, concerned = SetupLinkStore(database), ConcernedStore(MemberStore(database))
    organizations, base_url = hub.stores.organizations, hub.settings.base_url
    returns = partial(setup_return_urls, hub)
    return SetupDesk(database, organizations, links, concerned, letters, clock, os.urandom, base_url, returns)


def operator_desk(hub: Hub) -> OperatorDesk:
    """What operators need."""
    database = hub.stores.database
    accounts, kept = hub.stores.accounts, OperatorStore(database)
    base_url = hub.settings.operator_base_url or hub.settings.base_url
    return OperatorDesk(database, accounts, kept, clock, os.urandom, base_url)


def key_desk(hub: Hub) -> KeyDesk:
    """What API keys need."""
    return KeyDesk(hub.stores.database, hub.stores.api_keys, clock, os.urandom)


def lookout(hub: Hub) -> Lookout:
    """Where operators look for problems."""
    stores = hub.stores
    return Lookout(stores.organizations, stores.directories, stores.domains, TroubleStore(stores.database))


def recorder() -> Recorder:
    """What gathers counters and refusals."""
    return Recorder(clock)
