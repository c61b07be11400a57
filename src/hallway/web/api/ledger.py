"""The ledger of one call: a change also keeps to what `If-Match` said, and notes that its request was carried out."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from hallway.delivery.model import EndpointRemoval, EndpointUpdate
from hallway.exchanges.idempotency import Begun, CarriedOut
from hallway.hub.applications.model import ApplicationRemoval, ApplicationUpdate
from hallway.hub.connections.model import ConnectionRemoval, ConnectionUpdate
from hallway.hub.organizations.contacts import ContactBook
from hallway.hub.organizations.members import MemberRemoval, MemberUpdate
from hallway.hub.organizations.service import Registrar
from hallway.journal.model import Change
from hallway.journal.ports import Ledger
from hallway.web.api.endpoint import Expected, precondition_failed
from hallway.web.wiring import Hub, clock

_WAS: Final[Mapping[type, Callable[[Any], Any]]] = {
    MemberUpdate: lambda row: row.was,
    MemberRemoval: lambda row: row.member,
    ConnectionUpdate: lambda row: row.was,
    ConnectionRemoval: lambda row: row.connection,
    ApplicationUpdate: lambda row: row.was,
    ApplicationRemoval: lambda row: row.application,
    EndpointUpdate: lambda row: row.was,
    EndpointRemoval: lambda row: row.endpoint,
}
"""Rows that replace something with a version, and how it was."""


class CallLedger:
    """Commits through the deployment's ledger."""

    def __init__(self, ledger: Ledger, expected: Expected, begun: Begun | None = None) -> None:
        self._ledger = ledger
        self._expected = expected
        self._begun = begun
        self.has_committed = False

    async def commit(self, change: Change) -> int:
        """See `hallway.journal.ports.Ledger`; raises `precondition_failed` where the row moved on."""
        self._hold(change)
        if self._begun is not None and change.rows:
            change = replace(change, rows=(*change.rows, CarriedOut(self._begun)))
        seq = await self._ledger.commit(change)
        if change.rows:
            self.has_committed = True
            # What follows in the same call is decided on what this change made.
            self._expected.kept = None
        return seq

    def _hold(self, change: Change) -> None:
        if self._expected.kept is None:
            return
        one, version = self._expected.kept
        for row in change.rows:
            was = _WAS[type(row)](row) if type(row) in _WAS else None
            if was is not None and was.id == one and was.version != version:
                raise precondition_failed()


def acting(hub: Hub, ledger: Ledger) -> Hub:
    """The Hub whose services write through this ledger."""
    return replace(
        hub,
        desk=replace(hub.desk, ledger=ledger),
        registrar=Registrar(ledger, hub.stores.organizations, clock, os.urandom),
        roster=replace(hub.roster, ledger=ledger),
        domain_desk=replace(hub.domain_desk, ledger=ledger),
        contact_book=ContactBook(ledger, hub.stores.domains, clock, os.urandom),
    )
