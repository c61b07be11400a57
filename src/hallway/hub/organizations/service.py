"""Organizations: made, changed, suspended, removed."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from hallway.hub.organizations.model import (
    NewOrganization,
    Organization,
    OrganizationRemoval,
    OrganizationState,
    OrganizationUpdate,
    Plan,
)
from hallway.hub.organizations.ports import Organizations
from hallway.ids import ORGANIZATION, EntryId, OrganizationId, fresh_id, parsed
from hallway.journal.model import Actor, Change, Entry, Stale
from hallway.journal.ports import Ledger

MAX_NAME: Final = 200
MAX_EXTERNAL_ID: Final = 256


class Refused(Exception):
    """A product rule says no; `reason` is `not_found`, `conflict` or `invalid`, the text says what to do.

    With values, the text has them as `%(name)s`: pages say it in other languages.
    """

    def __init__(self, reason: str, text: str, **values: object) -> None:
        self.detail = text % values if values else text
        super().__init__(self.detail)
        self.reason = reason
        self.text = text
        self.values = values


class Registrar:
    """The deployment's organizations; `clock` in microseconds, `entropy` n random bytes."""

    def __init__(
        self,
        ledger: Ledger,
        organizations: Organizations,
        clock: Callable[[], int],
        entropy: Callable[[int], bytes],
    ) -> None:
        self._ledger = ledger
        self._organizations = organizations
        self._clock = clock
        self._entropy = entropy

    async def create(self, name: str, plan: Plan, external_id: str | None, actor: Actor) -> Organization:
        """A new organization; `external_id` is unique in the deployment."""
        name = checked_name(name)
        if external_id is not None:
            _refuse_external_id(external_id)
            await self._refuse_taken(external_id)
        now = self._clock()
        made = Organization(OrganizationId(self._fresh_id()), name, plan, OrganizationState.ACTIVE, now, external_id)
        try:
            await self._commit(made, NewOrganization(made), "organization.created", actor)
        except Stale:
            raise Refused("conflict", "Another organization was given this external id just now.") from None
        return made

    async def update(self, organization: Organization, actor: Actor) -> Organization:
        """Write the organization as it is now: name, plan, external id."""
        await self._commit(organization, OrganizationUpdate(organization), "organization.updated", actor)
        return organization

    async def change(self, was: Organization, changed: Organization, actor: Actor) -> Organization:
        """Another name, plan or external id, decided on `was`; where nothing differs, nothing is written."""
        changed = replace(changed, name=checked_name(changed.name))
        if changed == was:
            return was
        if changed.external_id is not None and changed.external_id != was.external_id:
            _refuse_external_id(changed.external_id)
            await self._refuse_taken(changed.external_id)
        try:
            await self._commit(changed, OrganizationUpdate(changed, was), "organization.updated", actor)
        except Stale:
            raise Refused("conflict", "The organization was changed by somebody else just now; look again.") from None
        return changed

    async def suspend(self, organization: Organization, actor: Actor) -> Organization:
        """Its directories refuse writes from now on, so that senders retry."""
        return await self._set_state(organization, OrganizationState.SUSPENDED, "organization.suspended", actor)

    async def resume(self, organization: Organization, actor: Actor) -> Organization:
        """Its directories take writes again."""
        return await self._set_state(organization, OrganizationState.ACTIVE, "organization.resumed", actor)

    async def delete(self, organization: Organization) -> None:
        """Everything of it goes, its journal too."""
        told = {"name": organization.name, "external_id": organization.external_id}
        removal = OrganizationRemoval(organization.id, self._clock(), json.dumps(told).encode())
        await self._ledger.commit(Change(organization.id, (removal,)))

    async def found(self, text: str) -> Organization:
        """The organization of an id (`org_…`) or of the vendor's external id."""
        own = parsed(ORGANIZATION, text)
        if own is not None:
            organization = await self._organizations.by_id(OrganizationId(own))
        else:
            organization = await self._organizations.by_external_id(text)
        if organization is None:
            raise Refused(
                "not_found",
                f"There is no organization {text!r}: say its id (org_…) or its external id, not its name; "
                "list them with: hallway hub organization list",
            )
        return organization

    async def _set_state(
        self, organization: Organization, state: OrganizationState, kind: str, actor: Actor
    ) -> Organization:
        if organization.state is state:
            return organization
        changed = replace(organization, state=state)
        await self._commit(changed, OrganizationUpdate(changed), kind, actor)
        return changed

    async def _commit(self, organization: Organization, row: object, kind: str, actor: Actor) -> None:
        entry_id = EntryId(self._fresh_id())
        entry = Entry(
            entry_id,
            kind,
            self._clock(),
            actor,
            organization.id,
            facts={"plan": organization.plan.value, "state": organization.state.value},
            personal={"name": organization.name},
        )
        await self._ledger.commit(Change(organization.id, (row,), (entry,), entry_id))

    async def _refuse_taken(self, external_id: str) -> None:
        if await self._organizations.by_external_id(external_id) is not None:
            raise Refused("conflict", "Another organization has the external id %(id)s.", id=repr(external_id))

    def _fresh_id(self) -> bytes:
        return fresh_id(self._clock(), self._entropy(10))


def checked_name(name: str) -> str:
    """A name without white space around it; refuses empty, long and unprintable ones."""
    tidy = name.strip()
    if not tidy or len(tidy) > MAX_NAME or not tidy.isprintable():
        raise Refused("invalid", "A name has 1 to %(most)s printable characters.", most=MAX_NAME)
    return tidy


def _refuse_external_id(text: str) -> None:
    if not text or len(text) > MAX_EXTERNAL_ID or not text.isprintable() or text.startswith(ORGANIZATION):
        raise Refused("invalid", f"An external id has 1 to {MAX_EXTERNAL_ID} printable characters, not org_….")
