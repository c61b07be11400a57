"""What is counted, and how it is read.

Rules: labels are closed sets of our own (templates, methods, status classes, quirks), never what a stranger
wrote; each worker process counts for itself, and `/metrics` of any of them tells the sum of all.
"""

import hmac
import os
from collections.abc import Iterable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from hallway.web.edge import PLAIN, Observed
from hallway.web.http import Request, Response
from hallway.web.routing import Handler, Route

MULTIPROCESS_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Set to an empty directory before the first import of prometheus_client in each of several workers."""

_SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_LAGS: Final = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 15, 60, 300, 3600, 36_000, 360_000)
_UNROUTED: Final = "none"


class Metrics:
    """An observer of the edge, and counters that rooms and stores are handed."""

    def __init__(self, routes: Iterable[Route], quirks: Iterable[str] = ()) -> None:
        registry = CollectorRegistry()
        self._requests = Counter(
            "hallway_http_requests", "Answers by route.", ["route", "method", "status"], registry=registry
        )
        self._seconds = Histogram(
            "hallway_http_request_seconds", "Time to answer.", ["route"], registry=registry, buckets=_SECONDS
        )
        self._quirks = Counter("hallway_scim_quirks", "Tolerated deviations.", ["quirk"], registry=registry)
        self.refused_authentications = Counter(
            "hallway_refused_authentications", "Wrong, expired or missing credentials.", registry=registry
        )
        self.exchanges_written = Counter("hallway_exchanges_written", "Recorded exchanges.", registry=registry)
        self.store_unavailable = Counter(
            "hallway_store_unavailable", "Answers of 503 because the store could not serve.", registry=registry
        )
        self._mails = Counter("hallway_mails", "Attempts to deliver a mail.", ["fate"], registry=registry)
        self._fate = {fate: self._mails.labels(fate) for fate in ("delivered", "postponed", "dropped")}
        self._deliveries = Counter(
            "hallway_deliveries", "Attempts to deliver an event.", ["kind", "fate"], registry=registry
        )
        self._delivery_lag = Histogram(
            "hallway_delivery_lag_seconds",
            "From an event to the answer that took it.",
            registry=registry,
            buckets=_LAGS,
        )
        self._quirk = {quirk: self._quirks.labels(quirk) for quirk in quirks}
        self._timed = {route.path: self._seconds.labels(route.path) for route in routes}
        self._counted = {
            (route.path, route.method, status): self._requests.labels(route.path, route.method, f"{status}xx")
            for route in routes
            for status in (2, 4, 5)
        }
        self._registry = registry

    def __call__(self, request: Observed, status: int, size_bytes: int, seconds: float) -> None:
        """Count one answer."""
        # Without a route the method is whatever a stranger sent.
        route, method = (request.template, request.method) if request.template else (_UNROUTED, "any")
        key = (route, method, status // 100)
        counter = self._counted.get(key)
        if counter is None:
            counter = self._counted[key] = self._requests.labels(route, method, f"{status // 100}xx")
        counter.inc()
        timed = self._timed.get(route)
        if timed is None:
            timed = self._timed[route] = self._seconds.labels(route)
        timed.observe(seconds)

    def quirk(self, name: str) -> None:
        """Count one tolerated deviation of those named at the start."""
        self._quirk[name].inc()

    def mail(self, fate: str) -> None:
        """Count one attempt by what it led to."""
        self._fate[fate].inc()

    def delivery(self, kind: str, fate: str, lag_seconds: float) -> None:
        """Count one attempt to deliver an event; of one that arrived, how long after the event."""
        self._deliveries.labels(kind, fate).inc()
        if fate == "delivered":
            self._delivery_lag.observe(lag_seconds)

    def handler(self, token: str | None) -> Handler:
        """The handler of `/metrics`, which asks for the bearer token where there is one."""
        expected = f"Bearer {token}".encode() if token else None

        async def metrics(request: Request) -> Response:
            given = request.headers.get(b"authorization", b"")
            if expected is not None and not hmac.compare_digest(given, expected):
                return Response(401, b"A bearer token is needed.\n", (PLAIN, (b"www-authenticate", b"Bearer")))
            return Response(200, self.text(), ((b"content-type", CONTENT_TYPE_LATEST.encode()),))

        return metrics

    def text(self) -> bytes:
        """All counts in the text format of Prometheus, of all workers where there are several."""
        if MULTIPROCESS_VARIABLE not in os.environ:
            registry = self._registry
        else:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry) + generate_latest(_process())


def _process() -> CollectorRegistry:
    """Memory, CPU time and files of the process that answers."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    return registry
