"""What every store has to do with mails that wait.

Run by `test_conformance.py`, as `conformance.py` is.
"""

from dataclasses import replace

import pytest

from hallway.hub.organizations.model import OrganizationRemoval
from hallway.ids import MailId, OrganizationId
from hallway.journal.model import Stale, TenantBreach
from hallway.outbox.model import Due, NewMail, OutgoingMail
from hallway.store.outgoing_mail import OutgoingMailStore
from tests.store.stage import Stage

LATER = 60_000_000


async def promised(stage: Stage, place: int = 0, entries: int = 1) -> NewMail:
    """A mail of an organization, written."""
    owner = stage.directories[place].organization_id
    mail = NewMail(owner, MailId(stage.desk.fresh_id()), b"sealed", stage.desk.now())
    await stage.write(mail, entries=entries, organization=owner)
    return mail


def due_of(mail: NewMail, at: int | None = None) -> Due:
    """What the locator says of it."""
    return Due(mail.tenant, mail.id, mail.created_at if at is None else at)


async def holds_due_mails_of_every_tenant_are_found_oldest_first(stage: Stage) -> None:
    """At the instant itself, and no more than asked for."""
    store = OutgoingMailStore(stage.database)
    first, second, third = await promised(stage, 0), await promised(stage, 2, entries=0), await promised(stage, 0)
    now = third.created_at
    assert await store.due(first.created_at - 1, 8) == []
    assert await store.due(first.created_at, 8) == [due_of(first)]
    assert await store.due(now, 8) == [due_of(first), due_of(second), due_of(third)]
    assert await store.due(now, 2) == [due_of(first), due_of(second)]


async def holds_a_claimed_mail_is_nobody_elses_until_its_lease_ends(stage: Stage) -> None:
    """Whoever comes second gets nothing, then or with what it knew before."""
    store, mail = OutgoingMailStore(stage.database), await promised(stage)
    until = mail.created_at + LATER
    claimed = await store.claim(due_of(mail), until)
    assert claimed == OutgoingMail(mail.tenant, mail.id, b"sealed", mail.created_at, until, 1)
    assert await store.claim(due_of(mail), until + 1) is None
    assert await store.due(until - 1, 8) == []
    assert await store.due(until, 8) == [due_of(mail, until)]
    again = await store.claim(due_of(mail, until), until + LATER)
    assert again == replace(claimed, due_at=until + LATER, tries=2)


async def holds_a_postponed_mail_is_due_again_then(stage: Stage) -> None:
    """Its tries stay counted; whoever lost the claim cannot postpone or remove it."""
    store, mail = OutgoingMailStore(stage.database), await promised(stage)
    until = mail.created_at + LATER
    claimed = await store.claim(due_of(mail), until)
    assert claimed is not None
    await store.postpone(claimed, until + LATER)
    for act in (store.postpone(claimed, until), store.remove(claimed)):
        with pytest.raises(Stale):
            await act
    assert await store.due(until + LATER, 8) == [due_of(mail, until + LATER)]
    again = await store.claim(due_of(mail, until + LATER), until + 2 * LATER)
    assert again is not None and again.tries == 2


async def holds_a_removed_mail_is_nowhere(stage: Stage) -> None:
    """Neither in its tenant's rows nor in the locator."""
    store, mail, other = OutgoingMailStore(stage.database), await promised(stage), await promised(stage, 2)
    claimed = await store.claim(due_of(mail), mail.created_at + LATER)
    assert claimed is not None
    await store.remove(claimed)
    assert await stage.rows("SELECT id FROM outgoing_mail") == [(other.id,)]
    assert await stage.rows("SELECT target FROM locator WHERE kind = 'mail'") == [(other.id,)]


async def holds_a_mail_is_written_in_its_own_tenants_change_only(stage: Stage) -> None:
    """It is sealed for that tenant, and could not be opened in another."""
    stranger = NewMail(OrganizationId(b"x" * 16), MailId(stage.desk.fresh_id()), b"sealed", stage.desk.now())
    with pytest.raises(TenantBreach):
        await stage.write(stranger)
    assert await stage.rows("SELECT id FROM outgoing_mail") == []


async def holds_mails_go_with_their_organization(stage: Stage) -> None:
    """What it promised is promised no more."""
    mail = await promised(stage, 2)
    await stage.write(OrganizationRemoval(mail.tenant, 1, b"{}"), entries=0, organization=mail.tenant)
    assert await stage.rows("SELECT id FROM outgoing_mail") == []
    assert await stage.rows("SELECT target FROM locator WHERE kind = 'mail'") == []
    assert await OutgoingMailStore(stage.database).claim(due_of(mail), mail.created_at + LATER) is None
