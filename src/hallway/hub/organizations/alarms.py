"""Who is told when something needs attention: every technical contact and every administrator, each once."""

from collections.abc import Sequence
from dataclasses import dataclass

from hallway.hub.organizations.contacts import Contacts
from hallway.hub.organizations.invitations import Letters
from hallway.hub.organizations.members import email_key
from hallway.hub.organizations.ports import Members
from hallway.ids import OrganizationId
from hallway.journal.model import Row


@dataclass(frozen=True, slots=True)
class Alarms:
    """Makes the mails of an alarm; none where there is nobody to tell, or no mail."""

    contacts: Contacts
    members: Members
    letters: Letters

    async def rows(self, organization_id: OrganizationId, subject: str, text: str) -> tuple[Row, ...]:
        """For the change that the alarm is about."""
        told = await self.addresses(organization_id)
        return tuple(row for to in told for row in self.letters(organization_id, to, subject, text))

    async def addresses(self, organization_id: OrganizationId) -> Sequence[str]:
        """Contacts first; an address that differs in case only is the same one."""
        people = [one.email for one in await self.contacts.contacts(organization_id)]
        people += [one.email for one in await self.members.administrators(organization_id)]
        found: dict[str, str] = {}
        for email in people:
            found.setdefault(email_key(email), email)
        return list(found.values())
