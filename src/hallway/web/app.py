"""The route table, and the application that the server calls."""

import gc
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from os import environ
from pathlib import Path
from typing import Final

from hallway.delivery.model import SECOND, Sent
from hallway.exchanges.idempotency import LIFETIME
from hallway.hub.connections.upkeep import CertificateEndings, MetadataRounds
from hallway.hub.directories.stopping import StoppingAlarm
from hallway.hub.directories.upkeep import TokenEndings, TokenUpkeep
from hallway.hub.organizations.alarms import Alarms
from hallway.hub.organizations.proving import recheck_due
from hallway.journal.model import Unavailable
from hallway.key_file import KeyFileProblem
from hallway.keys.model import WrongMasterKey
from hallway.logs import set_up_logs
from hallway.scim.quirks import Quirk
from hallway.settings import Settings, SettingsProblem, configuration_file, load_settings
from hallway.store.migrate import SchemaProblem
from hallway.store.opening import current
from hallway.store.sqlite import SqliteDatabase
from hallway.web.access_log import AccessLog
from hallway.web.account.handlers import account_area
from hallway.web.account.signing_in import Elsewhere
from hallway.web.admitting import Admission, PageGuard
from hallway.web.api.area import Api
from hallway.web.api.docs import DocsPage
from hallway.web.api.problems import api_problem
from hallway.web.branding import Brand, brand_of
from hallway.web.console.connections.handlers import connection_handlers
from hallway.web.console.directories.handlers import directory_handlers
from hallway.web.console.settings.handlers import settings_handlers
from hallway.web.console.setup.links import LinkPages
from hallway.web.cookies import Cookies
from hallway.web.delivering import couriers, tells_events
from hallway.web.edge import CannotStart, Door, Edge, Lifespan, Observed
from hallway.web.event_desks import late_receipts
from hallway.web.frame import Frame, is_secure
from hallway.web.guards import DirectoryGuard, Ground, split_alias
from hallway.web.health import Check, Readiness, healthz
from hallway.web.http import EdgeProblem, Request, Response
from hallway.web.limits import Bucket, RateLimiter
from hallway.web.mail_pages import PATHS as MAIL_PATHS
from hallway.web.mail_pages import MailPages
from hallway.web.metrics import Metrics
from hallway.web.oauth.handlers import OauthProvider, oauth_provider
from hallway.web.operator.guard import OperatorAdmission
from hallway.web.operator.handlers import operator_handlers
from hallway.web.operator.host import OperatorHost
from hallway.web.operator.office import Office
from hallway.web.page_problems import page_problem
from hallway.web.pages import Look, Pages
from hallway.web.quick_reads import QuickReads
from hallway.web.routes import ROUTES
from hallway.web.routing import Handler, Match, Route, Router, WrongMethod
from hallway.web.rows import PageHandler, Row
from hallway.web.scim import ScimEndpoints
from hallway.web.scim_discovery import ScimDiscovery
from hallway.web.scim_door import ScimDoor, rendered_problem
from hallway.web.scim_routes import ROUTES as SCIM_ROUTES
from hallway.web.setup.guard import SetupAdmission
from hallway.web.setup.handlers import setup_handlers
from hallway.web.setup.making import LinkBench
from hallway.web.sso.handlers import SingleSignOn, single_sign_on
from hallway.web.streaming import poller
from hallway.web.streams import StreamDoor
from hallway.web.visitor import Visitors
from hallway.web.wiring import (
    Hub,
    clock,
    connection_desk,
    opened_hub,
    operator_desk,
    recorder,
    setup_desk,
)
from hallway.worker.deliveries import Couriers
from hallway.worker.mails import Deliveries
from hallway.worker.sequencer import Sequencer
from hallway.worker.upkeep import DAY, Turn, Worker

_PAGES: Final = frozenset(row.path for row in ROUTES if row.page)


def application() -> Edge:
    """The application of one server process; settings come from environment and file."""
    settings = load_settings(environ, configuration_file(environ, Path.cwd()))
    set_up_logs(settings.log_level, settings.log_format)
    return application_of(settings)


def application_of(settings: Settings) -> Edge:
    """The application; it opens the database when it starts."""
    serving = Serving(settings)
    return Edge(
        router=Router([_route(row, serving) for row in ROUTES], fallback=serving.aliased),
        door=Door(settings.hosts, settings.trusted_proxies, is_secure(settings.base_url)),
        problems=serving.problem,
        lifespan=Lifespan(serving.start, serving.stop),
        observers=(serving.observe,),
        quick=lambda: serving.quick,
        ending=serving.ending,
    )


def _route(row: Row, serving: "Serving") -> Route:
    """A row with its handler, which is looked up when it is called: it exists once the database is open."""
    return Route(
        row.method,
        row.path,
        row.guard,
        serving.page_called(row) if row.page else serving.called(row),
        row.cross_site,
        row.any_host,
        row.description,
    )


class Serving:
    """A Hub while it serves: made at start, with what runs beside it."""

    def __init__(self, settings: Settings) -> None:
        self.handlers: dict[str, Handler] = {"healthz": healthz}
        self.page_handlers: dict[str, PageHandler] = {}
        self.guards: dict[str, PageGuard] = {}
        self._settings = settings
        self._operator_host = OperatorHost(settings.operator_host)
        self._rows = Router([_route(row, self) for row in SCIM_ROUTES])
        self._pages: Pages | None = None
        self._log = AccessLog(sys.stderr, settings.log_format) if settings.log_level in {"debug", "info"} else None
        self._metrics = Metrics([_route(row, self) for row in ROUTES], [quirk.value for quirk in Quirk])
        self._hub: Hub | None = None
        self._worker: Worker | None = None
        self._sso: SingleSignOn | None = None
        self._oauth: OauthProvider | None = None
        self._deliveries: Deliveries | None = None
        self._sequencer: Sequencer | None = None
        self._couriers: Couriers | None = None
        self.quick: QuickReads | None = None

    def called(self, row: Row) -> Handler:
        """What calls the handler of a row."""
        handlers, name = self.handlers, row.handler
        return lambda request: handlers[name](request)

    def page_called(self, row: Row) -> Handler:
        """What asks the guard of a page, then calls its handler with whom the guard let in."""

        async def handler(request: Request) -> Response:
            elsewhere = self._operator_host.elsewhere(row, request)
            if elsewhere is not None:
                return elsewhere
            admitted = await self.guards[row.guard](request)
            if isinstance(admitted, Response):
                return admitted
            request.visitor = admitted
            return await self.page_handlers[row.handler](request, admitted)

        return handler

    async def start(self) -> None:
        """Open the deployment; raises `CannotStart` with what the operator can do."""
        try:
            brand = brand_of(self._settings)
            hub = await opened_hub(self._settings, may_migrate="if_empty")
        except (Unavailable, SchemaProblem, WrongMasterKey, KeyFileProblem, SettingsProblem) as problem:
            raise CannotStart(str(problem)) from problem
        self._hub = hub
        gathered = recorder()
        days = self._settings.exchange_retention_days
        api = Api(hub, lambda: clock())
        self.handlers.update(api.handlers)
        sessions = (hub.people.sessions.flush, hub.operators.sessions.flush)
        visits = (*sessions, hub.failed_sign_ins.flush, self._gathered_written, api.flush)
        turn = Turn(hub.stores.deployment, clock)
        late = late_receipts(hub).round
        self._worker = Worker(gathered, hub.stores.counters, clock, days, hub.keys, turn, hourly(hub), visits, [late])
        self._worker.start()
        self._sequencer = Sequencer(hub.stores.feed, hub.stores.database.bell, hub.placed)
        self._sequencer.start()
        if self._settings.deliveries == "serving":
            self._couriers = couriers(hub, self._sent)
            self._couriers.start()
        if hub.mailing.postman is not None:
            self._deliveries = Deliveries(hub.mailing.postman, self._metrics.mail)
            self._deliveries.start()
        if isinstance(hub.stores.database, SqliteDatabase):
            hub.stores.database.keep_checkpointing()
        guard = _guard(hub)
        door = ScimDoor(hub, guard, gathered)
        door.quirk_seen = self._metrics.quirk
        door.exchange_kept = self._metrics.exchanges_written.inc
        if isinstance(hub.stores.database, SqliteDatabase):
            place = Door(self._settings.hosts, self._settings.trusted_proxies)
            self.quick = QuickReads(hub.stores.database, guard, door, place, (self.observe,))
        self.handlers.update(StreamDoor(lambda: poller(hub), _strangers(self._settings)).handlers())
        self.handlers.update(ScimEndpoints(door).handlers())
        self.handlers.update(ScimDiscovery(door, lambda directory: tells_events(hub, directory)).handlers())
        self.handlers["metrics"] = self._metrics.handler(self._settings.metrics_token)
        self.handlers["readyz"] = Readiness(_checks(hub))
        self._open_pages(hub, brand, api)
        # What was made until now stays: the collector need not look at it again and again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)

    def _open_pages(self, hub: Hub, brand: Brand, api: Api) -> None:
        """Make what pages are rendered with, their guards and their handlers."""
        settings = self._settings
        cookies = Cookies(is_secure(settings.base_url))
        served = frozenset(row.path for row in ROUTES if row.page and row.method == "GET")
        if hub.mailing.kept is None:
            served -= MAIL_PATHS
        pages = self._pages = Pages(Look(brand, cookies, served, settings.is_on_loopback), clock)
        stores = hub.stores
        visitors = Visitors(
            hub.people, stores.members, stores.organizations, stores.connections, stores.enforcements, cookies, clock
        )
        self.guards.update(Admission(pages, visitors.find, clock).guards())
        frame = Frame(pages, settings.is_on_loopback)
        self.handlers.update(frame.handlers())
        self.page_handlers.update(frame.page_handlers())
        elsewhere = Elsewhere()
        accounts = account_area(hub, pages, visitors, elsewhere)
        self.page_handlers.update(accounts.handlers)
        self.page_handlers.update(DocsPage(pages, api.document).handlers())
        sso = self._sso = single_sign_on(hub, accounts.ground, accounts.entering, hub.outbound)
        elsewhere.again, elsewhere.leave = sso.again, sso.leave
        self.handlers.update(sso.handlers())
        self.page_handlers.update(sso.page_handlers())
        oauth = self._oauth = oauth_provider(hub, accounts.ground, accounts.entering)
        elsewhere.asked_by = oauth.authorize.name_of
        self.handlers.update(oauth.handlers())
        self.page_handlers.update(oauth.page_handlers())
        self.page_handlers.update(connection_handlers(hub, pages, sso.pages.test))
        self.page_handlers.update(directory_handlers(hub, pages))
        self.page_handlers.update(settings_handlers(hub, pages))
        setup = setup_desk(hub, hub.mailing.letters)
        self.guards.update(SetupAdmission(pages, setup).guards())
        self.page_handlers.update(setup_handlers(hub, pages, setup, sso.pages.test))
        bench = LinkBench(pages, hub.keys, setup, hub.can_mail)
        self.page_handlers.update(LinkPages(bench).handlers())
        self.page_handlers.update(MailPages(pages, hub.mailing.kept, settings.base_url).handlers())
        desk = operator_desk(hub)
        self.guards.update(OperatorAdmission(pages, hub.operators, desk.operators, clock).guards())
        self.page_handlers.update(operator_handlers(Office(hub, pages, desk, bench)))

    async def _gathered_written(self) -> None:
        if self._sso is not None:
            await self._sso.flush()
        if self._oauth is not None:
            await self._oauth.flush()

    def _sent(self, one: Sent) -> None:
        self._metrics.delivery(one.endpoint.kind, one.fate.value, one.lag / SECOND)

    def ending(self) -> None:
        """Answer whoever waits for events: the server ends once nobody is owed an answer."""
        if self._hub is not None:
            self._hub.placed.close()

    async def stop(self) -> None:
        """Write what was gathered, close the database."""
        if self._couriers is not None:
            await self._couriers.stop()
        if self._deliveries is not None:
            await self._deliveries.stop()
        if self._worker is not None:
            await self._worker.stop()
        if self._sequencer is not None:
            await self._sequencer.stop()
        if self._hub is not None:
            await self._hub.outbound.aclose()
            await self._hub.post.aclose()
            await self._hub.stores.database.close()
        if self._log is not None:
            self._log.flush()

    def observe(self, request: Observed, status: int, size_bytes: int, seconds: float) -> None:
        """Count and note an answer."""
        self._metrics(request, status, size_bytes, seconds)
        if status == 401:
            self._metrics.refused_authentications.inc()
        if self._log is not None:
            self._log(request, status, size_bytes, seconds)

    def problem(self, request: Request, error: Exception) -> Response | None:
        """The answer to a known problem; what the store could not take is counted."""
        if isinstance(error, Unavailable):
            self._metrics.store_unavailable.inc()
        answer = api_problem(request, error, self._settings.base_url, self._settings.retry_after_seconds)
        answer = answer or rendered_problem(request, error, self._settings.retry_after_seconds)
        if answer is None and self._pages is not None:
            return page_problem(self._pages, request, error, request.template in _PAGES)
        return answer

    async def aliased(self, request: Request) -> Response:
        """A request to the extra base path of a directory: the token says which directory it is."""
        base, rest = split_alias(request.path)
        if not rest:
            raise EdgeProblem(404, "There is nothing at this address.")
        found = self._rows.match(request.method, f"/scim/-/v2/{rest}")
        if isinstance(found, WrongMethod):
            allow = ((b"allow", found.allow.encode()),)
            raise EdgeProblem(405, f"{request.method} is not possible here, but {found.allow} is.", allow)
        if not isinstance(found, Match):
            raise EdgeProblem(404, f"There is nothing at this address under {base}.")
        request.template = found.route.path
        request.params = {name: value for name, value in found.params.items() if name != "directory"}
        return await found.route.handler(request)


def hourly(hub: Hub) -> Sequence[Callable[[], Awaitable[object]]]:
    """What is done once an hour, by one of the processes that serve."""
    alarms = Alarms(hub.stores.domains, hub.stores.members, hub.mailing.letters)
    stores, base_url = hub.stores, hub.settings.base_url
    endings = TokenEndings(hub.desk, stores.organizations, stores.notices, alarms, base_url)
    replaced = TokenUpkeep(hub.desk, stores.organizations)
    stopping = StoppingAlarm(hub.desk, stores.organizations, stores.activity, stores.notices, alarms, base_url)
    connections = connection_desk(hub)
    certificates = CertificateEndings(connections, stores.organizations, stores.notices)
    metadata = MetadataRounds(connections)

    async def forget() -> None:
        await stores.feed.forget(clock() - hub.settings.feed_retention_days * DAY)
        await stores.answers.forget(clock() - LIFETIME)
        await stores.deliveries.expire(clock() - hub.settings.delivery_retention_days * DAY)

    return (
        forget,
        replaced.round,
        endings.round,
        stopping.round,
        certificates.round,
        metadata.round,
        partial(recheck_due, hub.domain_desk),
    )


def _guard(hub: Hub) -> DirectoryGuard:
    settings = hub.settings
    per_token = Bucket(settings.rate_limit_per_second, settings.rate_limit_burst)
    ground = Ground(hub.stores.directories, hub.catalogue, settings.scim_base_url.encode())
    return DirectoryGuard(ground, clock, RateLimiter(per_token), _strangers(settings))


def _strangers(settings: Settings) -> RateLimiter:
    """What counts failed authentications."""
    failures = settings.failed_authentication_per_minute
    return RateLimiter(Bucket(failures / 60, max(failures, 1)))


def _checks(hub: Hub) -> dict[str, Check]:
    database = hub.stores.database

    async def schema() -> str | None:
        try:
            up_to_date = await current(database)
        except (Unavailable, SchemaProblem) as problem:
            return str(problem)
        return None if up_to_date else "The schema is older than this program. Run: hallway migrate"

    async def durable() -> str | None:
        try:
            return await database.lax()
        except Unavailable as problem:
            return str(problem)

    return {"schema": schema, "durability": durable}
