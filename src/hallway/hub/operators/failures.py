"""Sign-ins to the console that failed, counted by the organizations of whom they named.

Rules: the answer to a failed sign-in waits for none of this, so neither its words nor its time say whether the address
is somebody's; whom it names is looked up later, beside the requests; until then an address is kept in memory only, and
no more of them than `MOST`: further ones are not counted.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from hallway.accounts.model import Account, Realm
from hallway.exchanges.model import HOUR, Gathered
from hallway.hub.operators.problems import CONSOLE, SIGN_IN
from hallway.hub.organizations.members import Member, MemberState, Place
from hallway.ids import AccountId, DirectoryId, MemberId, OrganizationId
from hallway.scim.fold import fold

MOST: Final = 1000
LONGEST: Final = 254


class Accounts(Protocol):
    """Accounts by their addresses."""

    async def by_email(self, realm: Realm, email: str) -> Account | None:
        """The account that has this address, without case."""
        ...


class Members(Protocol):
    """Where an account is a member."""

    async def by_id(self, organization_id: OrganizationId, member_id: MemberId) -> Member | None:
        """One member of this organization."""
        ...

    async def places(self, account_id: AccountId) -> Sequence[Place]:
        """Where an account is a member, whatever its state there."""
        ...


class Counts(Protocol):
    """Where counters are added to."""

    async def write(self, gathered: Gathered, now: int) -> None:
        """All of it in one transaction; raises `Unavailable`."""
        ...


class FailedSignIns:
    """What was noted and is not written yet, of one process."""

    def __init__(self, accounts: Accounts, members: Members, counts: Counts, clock: Callable[[], int]) -> None:
        self._accounts = accounts
        self._members = members
        self._counts = counts
        self._clock = clock
        self._noted: Counter[tuple[str, int]] = Counter()

    def noted(self, email: str) -> None:
        """Somebody tried this address with a wrong password or a wrong code."""
        key = (fold(email.strip()), self._clock() // HOUR)
        if len(email) <= LONGEST and (key in self._noted or len(self._noted) < MOST):
            self._noted[key] += 1

    async def flush(self) -> None:
        """Count them where those whom they name are members; raises `Unavailable`, and then nothing is forgotten."""
        taken, self._noted = self._noted, Counter()
        try:
            requests: Counter[tuple[OrganizationId, DirectoryId, int, str]] = Counter()
            for (email, hour), count in taken.items():
                for organization_id in await self._organizations(email):
                    requests[organization_id, CONSOLE, hour, SIGN_IN] += count
            if requests:
                await self._counts.write(Gathered(requests), self._clock())
        except BaseException:
            self._noted.update(taken)
            raise

    async def _organizations(self, email: str) -> list[OrganizationId]:
        account = await self._accounts.by_email(Realm.CONSOLE, email)
        found = []
        for place in await self._members.places(account.id) if account is not None else ():
            member = await self._members.by_id(place.organization_id, place.member_id)
            if member is not None and member.state is MemberState.ACTIVE:
                found.append(place.organization_id)
        return found
