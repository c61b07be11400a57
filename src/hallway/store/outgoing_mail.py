"""The outbox: mails that wait, and where to find those that are due.

Rules: a mail waits in its tenant's rows, and has one row of the locator, whose key is when it is due and its id; so
one walk along the locator finds what is due of every tenant, and reads nothing of any. Both move together.
"""

from collections.abc import Sequence
from typing import cast

from hallway.ids import MailId, OrganizationId
from hallway.journal.model import Stale, TenantBreach
from hallway.outbox.model import Due, NewMail, OutgoingMail
from hallway.store.database import Database, everywhere, tenant
from hallway.store.rows import writes
from hallway.store.statement import Step, statement

DUE = statement(
    "global_mail_due",
    """SELECT organization_id, target, key_hash FROM locator WHERE kind = 'mail' AND key_hash < ?1
       ORDER BY key_hash LIMIT ?2""",
)
BY_ID = statement(
    "outgoing_mail_by_id",
    """SELECT organization_id, sealed, created_at, due_at, tries FROM outgoing_mail
       WHERE organization_id = ?1 AND id = ?2""",
)
INSERT = statement(
    "outgoing_mail_insert",
    """INSERT INTO outgoing_mail (organization_id, id, sealed, created_at, due_at, tries)
       VALUES (?1, ?2, ?3, ?4, ?4, 0)""",
)
LOCATE = statement(
    "outgoing_mail_locate",
    "INSERT INTO locator (organization_id, kind, key_hash, target) VALUES (?1, 'mail', ?2, ?3)",
)
MOVE = statement(
    "outgoing_mail_moved",
    """UPDATE outgoing_mail SET due_at = ?4, tries = tries + ?5 WHERE organization_id = ?1 AND id = ?2 AND due_at = ?3
       RETURNING organization_id""",
)
RELOCATE = statement(
    "outgoing_mail_relocate",
    """UPDATE locator SET key_hash = ?3 WHERE organization_id = ?1 AND kind = 'mail' AND key_hash = ?2
       RETURNING organization_id""",
)
DELETE = statement(
    "outgoing_mail_delete",
    """DELETE FROM outgoing_mail WHERE organization_id = ?1 AND id = ?2 AND due_at = ?3 RETURNING organization_id""",
)
UNLOCATE = statement(
    "outgoing_mail_unlocate",
    """DELETE FROM locator WHERE organization_id = ?1 AND kind = 'mail' AND key_hash = ?2
       RETURNING organization_id""",
)
_INSTANT_BYTES = 8


class OutgoingMailStore:
    """See `hallway.outbox.ports.Outbox`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, now: int, most: int) -> Sequence[Due]:
        """Mails whose time has come, of all tenants, the longest due first."""
        rows = await everywhere(self._database, DUE, _instant(now + 1), most)
        found = (cast("tuple[OrganizationId, MailId, bytes]", row) for row in rows)
        return [Due(owner, mail_id, int.from_bytes(key[:_INSTANT_BYTES], "big")) for owner, mail_id, key in found]

    async def claim(self, due: Due, until: int) -> OutgoingMail | None:
        """Have a mail alone until an instant; None where another process was faster."""
        try:
            await self._database.run(_moved(due, until, tried=1))
        except Stale:
            return None
        row = await tenant(self._database, due.tenant).row(BY_ID, due.id)
        if row is None:
            return None
        sealed, created_at, due_at, tries = cast("tuple[bytes, int, int, int]", row)
        return OutgoingMail(due.tenant, due.id, sealed, created_at, due_at, tries)

    async def postpone(self, mail: OutgoingMail, due_at: int) -> None:
        """Give a claimed mail back, to be tried again then; raises `Stale` where it is claimed no more."""
        await self._database.run(_moved(Due(mail.tenant, mail.id, mail.due_at), due_at, tried=0))

    async def remove(self, mail: OutgoingMail) -> None:
        """Forget a claimed mail; raises `Stale` where it is claimed no more."""
        steps = [
            Step(DELETE, (mail.tenant, mail.id, mail.due_at), 1),
            Step(UNLOCATE, (mail.tenant, _key(mail.due_at, mail.id)), 1),
        ]
        await self._database.run(steps)


def _moved(mail: Due, due_at: int, tried: int) -> list[Step]:
    was, now = _key(mail.due_at, mail.id), _key(due_at, mail.id)
    return [
        Step(MOVE, (mail.tenant, mail.id, mail.due_at, due_at, tried), 1),
        Step(RELOCATE, (mail.tenant, was, now), 1),
    ]


def _key(due_at: int, mail_id: MailId) -> bytes:
    return _instant(due_at) + mail_id


def _instant(at: int) -> bytes:
    return at.to_bytes(_INSTANT_BYTES, "big")


@writes(NewMail)
def _insert(org: bytes, row: NewMail) -> Sequence[Step]:
    if row.tenant != org:
        raise TenantBreach("outgoing_mail_insert")
    return [
        Step(INSERT, (org, row.id, row.sealed, row.created_at)),
        Step(LOCATE, (org, _key(row.created_at, row.id), row.id)),
    ]
