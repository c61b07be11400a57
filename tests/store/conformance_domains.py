"""What every store has to do with domains and technical contacts.

Run by `test_conformance.py`, as `conformance.py` is.
"""

from dataclasses import replace

import pytest

from hallway.hub.organizations.contacts import Contact, ContactRemoval, NewContact
from hallway.hub.organizations.domains import Domain, DomainRemoval, DomainState, DomainUpdate, Finding, NewDomain
from hallway.ids import ContactId
from hallway.journal.model import Stale
from hallway.store.domains import DomainStore
from tests.store.stage import Stage


def claim(stage: Stage, name: str, place: int = 0) -> Domain:
    """One that is not written yet."""
    return Domain(stage.directories[place].organization_id, name, DomainState.PENDING, "c" * 40, stage.desk.now())


async def holds_a_domain_comes_back_as_it_was_written(stage: Stage) -> None:
    """By its name, in its organization only; several may claim one name."""
    store, one, other = DomainStore(stage.database), claim(stage, "b.example"), claim(stage, "a.example")
    rival = claim(stage, "b.example", 2)
    await stage.write(NewDomain(one), NewDomain(other))
    await stage.write(NewDomain(rival), organization=rival.organization_id)
    assert await store.domain(one.organization_id, "b.example") == one
    assert await store.domain(rival.organization_id, "b.example") == rival
    assert await store.domain(rival.organization_id, "a.example") is None
    assert list(await store.domains(one.organization_id)) == [other, one]
    with pytest.raises(Stale):
        await stage.write(NewDomain(one))


async def holds_a_domain_has_one_owner(stage: Stage) -> None:
    """Who proves it first; it is free again when the owner loses or removes it."""
    store, one, rival = DomainStore(stage.database), claim(stage, "b.example"), claim(stage, "b.example", 2)
    await stage.write(NewDomain(one))
    await stage.write(NewDomain(rival), organization=rival.organization_id)
    assert (await store.owner("b.example"), await store.owned()) == (None, [])
    proved = replace(
        one, state=DomainState.PROVED, proved_at=5, checked_at=6, failing_since=7, finding=Finding.FOUND,
        development=True, version=2,
    )  # fmt: skip
    await stage.write(DomainUpdate(one, proved))
    assert await store.domain(one.organization_id, "b.example") == proved
    assert await store.owner("b.example") == one.organization_id
    assert await store.owned() == [(one.organization_id, "b.example")]
    taken = replace(rival, state=DomainState.PROVED, proved_at=5, version=2)
    with pytest.raises(Stale):
        await stage.write(DomainUpdate(rival, taken), organization=rival.organization_id)
    with pytest.raises(Stale):
        await stage.write(DomainUpdate(one, replace(proved, version=3)))
    await stage.write(DomainRemoval(proved))
    assert await store.owner("b.example") is None
    await stage.write(DomainUpdate(rival, taken), organization=rival.organization_id)
    lost = replace(taken, state=DomainState.PENDING, proved_at=None, version=3)
    await stage.write(DomainUpdate(taken, lost), organization=rival.organization_id)
    assert await store.owner("b.example") is None


async def holds_technical_contacts_are_an_organizations_own(stage: Stage) -> None:
    """Oldest first; one that is gone does not go again."""
    store, org = DomainStore(stage.database), stage.key.organization_id
    made = [Contact(ContactId(stage.desk.fresh_id()), org, f"{name}@x.example", name, 5) for name in "ab"]
    await stage.write(*(NewContact(one) for one in made))
    assert list(await store.contacts(org)) == made
    assert list(await store.contacts(stage.directories[2].organization_id)) == []
    await stage.write(ContactRemoval(made[0]))
    assert list(await store.contacts(org)) == made[1:]
    with pytest.raises(Stale):
        await stage.write(ContactRemoval(made[0]))
