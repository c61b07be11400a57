"""Making mails: sealed rows for the change that promises them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import orjson

from hallway.ids import MailId, OrganizationId, fresh_id
from hallway.outbox.model import Mail, NewMail, OutgoingMail
from hallway.outbox.ports import Vault

_UNPRINTABLE: Final = re.compile(r"[\s\x00-\x1f\x7f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Letterbox:
    """Makes the row by which a change promises a mail; `vault` is asked each time, since keys are rotated."""

    vault: Callable[[], Vault]
    clock: Callable[[], int]
    entropy: Callable[[int], bytes]

    def __call__(self, tenant: bytes, to: str, subject: str, text: str) -> tuple[NewMail, ...]:
        """The row, for a change of this tenant."""
        now, owner = self.clock(), OrganizationId(tenant)
        mail_id = MailId(fresh_id(now, self.entropy(10)))
        mail = Mail(to, one_line(subject), text)
        return (NewMail(owner, mail_id, sealed(self.vault(), owner, mail_id, mail), now),)


def no_letters(tenant: bytes, to: str, subject: str, text: str) -> tuple[NewMail, ...]:
    """Where there is no mail, nothing is promised."""
    return ()


def one_line(text: str) -> str:
    """A subject as one line, whatever name is in it."""
    return _UNPRINTABLE.sub(" ", text).strip()


def sealed(vault: Vault, tenant: OrganizationId, mail_id: MailId, mail: Mail) -> bytes:
    """What the table holds of a mail."""
    told = orjson.dumps({"to": mail.to, "subject": mail.subject, "text": mail.text})
    return vault.encrypt(told, _context(tenant, mail_id))


def opened(vault: Vault, outgoing: OutgoingMail) -> Mail:
    """The mail; raises as the vault does."""
    told = orjson.loads(vault.decrypt(outgoing.sealed, _context(outgoing.tenant, outgoing.id)))
    return Mail(told["to"], told["subject"], told["text"])


def _context(tenant: OrganizationId, mail_id: MailId) -> bytes:
    return b"outgoing_mail.sealed:" + tenant + mail_id
