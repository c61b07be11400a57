"""Everything that the people of one realm do with their accounts, in one value."""

from dataclasses import dataclass

from hallway.accounts.desk import AccountDesk
from hallway.accounts.factors import OneTimeCodes
from hallway.accounts.model import Realm
from hallway.accounts.passkeys import Passkeys, RelyingParty
from hallway.accounts.passwords import Breached
from hallway.accounts.profile import Profile
from hallway.accounts.registration import Registration
from hallway.accounts.resetting import Resetting
from hallway.accounts.sessions import Sessions
from hallway.accounts.sign_in import SignIn


@dataclass(frozen=True, slots=True)
class Paths:
    """Where the pages of a realm are: below `prefix`, "" for the console."""

    prefix: str

    @property
    def reset(self) -> str:
        """Where a new password is asked for."""
        return f"{self.prefix}/reset"


@dataclass(frozen=True, slots=True)
class AccountRooms:
    """The services of one realm."""

    realm: Realm
    paths: Paths
    desk: AccountDesk
    sign_in: SignIn
    sessions: Sessions
    registration: Registration
    resetting: Resetting
    profile: Profile
    codes: OneTimeCodes
    passkeys: Passkeys


def account_rooms(
    desk: AccountDesk, realm: Realm, paths: Paths, party: RelyingParty, breached: Breached | None
) -> AccountRooms:
    """The services over one desk."""
    return AccountRooms(
        realm,
        paths,
        desk,
        SignIn(desk, realm),
        Sessions(desk, realm),
        Registration(desk, breached),
        Resetting(desk, realm, paths.reset, breached),
        Profile(desk, paths.reset, breached),
        OneTimeCodes(desk, paths.reset),
        Passkeys(desk, party, paths.reset),
    )
