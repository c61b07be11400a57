"""What applications are told of members beside their rows: groups, and whether an address is vouched for."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from hallway.accounts.model import Account
from hallway.hub.applications.ports import Known
from hallway.hub.directories.model import Kind
from hallway.hub.directories.ports import Resources
from hallway.hub.directories.resources import DirectoryKey
from hallway.hub.organizations.members import Member, email_key
from hallway.hub.organizations.model import Organization
from hallway.ids import OrganizationId


@dataclass(frozen=True, slots=True)
class MemberProfiles:
    """See `hallway.hub.applications.ports.Profiles`."""

    resources: Resources
    proved_domains: Callable[[OrganizationId], Awaitable[frozenset[str]]]

    async def known(self, organization: Organization, member: Member, account: Account) -> Known:
        """An address is vouched for by its proved domain, or by the person who proved it herself; groups are those of
        her directory that she is in, by name, also through other groups.
        """
        domain = member.email.rpartition("@")[2].strip().lower()
        proved = domain in await self.proved_domains(organization.id)
        own = account.proved_at is not None and email_key(account.email) == email_key(member.email)
        return Known(bool(domain) and (proved or own), await self._groups(member))

    async def _groups(self, member: Member) -> tuple[str, ...]:
        if member.directory_id is None or member.resource_id is None:
            return ()
        key = DirectoryKey(member.organization_id, member.directory_id)
        stored = await self.resources.by_id(key, Kind.USER, member.resource_id)
        return () if stored is None else tuple(sorted({one.display for one in stored.groups}))
