"""How a directory is, in words."""

from dataclasses import replace
from typing import Any

import pytest

from hallway.exchanges.model import HOUR
from hallway.hub.directories.activity import buckets, total
from hallway.hub.directories.health import Level, Signs, findings
from hallway.hub.directories.model import Directory, DirectoryState, Provider, Token
from hallway.hub.directories.phrase import counted, said
from hallway.hub.directories.providers import PRODUCTS
from hallway.hub.directories.tokens import DAY
from hallway.hub.organizations.model import Organization, OrganizationState, Plan
from hallway.ids import DirectoryId, OrganizationId, TokenId

NOW = 10_000 * DAY
NOW_HOUR = NOW // HOUR
OWNER = Organization(OrganizationId(b"o" * 16), "Acme", Plan.ENTERPRISE, OrganizationState.ACTIVE, 0)
PLACE = Directory(DirectoryId(b"d" * 16), OWNER, "Staff", Provider.JUMPCLOUD, DirectoryState.ACTIVE, 0)


def token(name: str = "t", **more: Any) -> Token:
    made = Token(TokenId(name.encode() * 16), OWNER.id, PLACE.id, "", b"", 0, NOW + 300 * DAY)
    return replace(made, **more)


def told(**more: Any) -> list[tuple[Level, str]]:
    place = replace(PLACE, **{name: more.pop(name) for name in ("provider", "state", "organization") if name in more})
    given = {"tokens": [token()], "last_request_at": NOW - HOUR, "counts": {}, "not_applied": 0, **more}
    return [(one.level, str(one.words)) for one in findings(Signs(place, now=NOW, **given))]


def test_a_directory_that_is_asked_and_answers_is_well() -> None:
    assert told() == [(Level.WELL, "Requests arrive and are answered.")]


def test_a_directory_that_was_never_called_waits() -> None:
    assert told(last_request_at=None) == [(Level.WAITING, "No request yet: JumpCloud has not called.")]


def test_silence_may_be_normal_where_a_product_speaks_on_change() -> None:
    words = "No request for 3 days; JumpCloud syncs on change, so this may be normal."
    assert (Level.NOTE, words) in told(last_request_at=NOW - 3 * DAY)
    assert told(last_request_at=NOW - 3 * DAY + 1) == told()


def test_silence_is_a_fault_where_a_product_has_a_rhythm() -> None:
    [(level, words)] = told(provider=Provider.ENTRA, last_request_at=NOW - 7 * HOUR)
    assert level is Level.ATTENTION and words.startswith("No request for 7 hours, though Microsoft Entra ID asks")
    assert told(provider=Provider.ENTRA, last_request_at=NOW - 5 * HOUR) == told()


def test_what_stops_everything_stands_first() -> None:
    suspended = replace(OWNER, state=OrganizationState.SUSPENDED)
    assert told(organization=suspended)[0][0] is Level.STOPPED
    [first, second] = told(state=DirectoryState.DISABLED, not_applied=2)
    assert first[0] is Level.STOPPED and first[1].startswith("Switched off: writes are refused")
    assert second == (Level.ATTENTION, "2 deactivations or removals have not been applied.")
    assert told(not_applied=1)[0][1] == "1 deactivation or removal has not been applied."


def test_without_a_living_token_nothing_can_arrive() -> None:
    assert told(tokens=[token(revoked_at=1)])[0] == (
        Level.STOPPED, "No token is alive, so nothing can arrive. Make one and paste it in JumpCloud.",
    )  # fmt: skip


def test_a_plan_without_provisioning_is_said() -> None:
    [(level, words)] = told(organization=replace(OWNER, plan=Plan.FREE))
    assert level is Level.ATTENTION and words.startswith("The plan, free, does not include provisioning")


@pytest.mark.parametrize(("days", "words"), [(29, "in 29 days"), (1, "in 1 day;"), (0, "in 0 days")])
def test_a_token_that_ends_soon_is_said(days: int, words: str) -> None:
    [(level, text)] = told(tokens=[token(expires_at=NOW + days * DAY + 1)])
    assert level is Level.ATTENTION and words in text


def test_a_rotation_under_way_is_no_alarm() -> None:
    old = token("a", expires_at=NOW + DAY)
    new = token("b", replaces=old.id)
    assert "has not been used yet" in told(tokens=[old, new])[1][1]
    used = replace(new, first_used_at=NOW - HOUR)
    assert "closes by itself" in told(tokens=[old, used])[1][1]


def test_refusals_that_rise_are_an_alarm_and_others_a_note() -> None:
    assert told(counts={NOW_HOUR: {"refused": 1}})[1] == (Level.NOTE, "1 request was refused in the last 24 hours.")
    rising = told(counts={NOW_HOUR: {"refused": 24}, NOW_HOUR - 30: {"refused": 5}})
    assert rising == [(Level.ATTENTION, "Refusals rise: 24 in the last 24 hours, 5 in the 24 hours before.")]
    steady = told(counts={NOW_HOUR: {"refused": 24}, NOW_HOUR - 30: {"refused": 20}})
    assert steady[0][0] is Level.WELL


def test_requests_without_a_token_of_the_directory_are_counted_and_say_where_the_token_stands() -> None:
    [(level, words)] = told(counts={NOW_HOUR - 3: {"unauthenticated": 2}})
    assert level is Level.ATTENTION
    assert words.startswith("2 requests in the last 24 hours had no token") and "Token Key" in words


def test_every_provider_has_its_words() -> None:
    assert set(PRODUCTS) == set(Provider)
    for provider in Provider:
        assert PRODUCTS[provider].name and PRODUCTS[provider].mapping and PRODUCTS[provider].token


def test_requests_are_gathered_in_pieces_that_end_now() -> None:
    counts = {
        NOW_HOUR: {"read": 2, "write": 3, "refused": 1},
        NOW_HOUR - 23: {"unauthenticated": 4},
        NOW_HOUR - 24: {"read": 9},
    }
    pieces = buckets(counts, NOW, 24, 1)
    assert [piece.at for piece in pieces] == [hour * HOUR for hour in range(NOW_HOUR - 23, NOW_HOUR + 1)]
    assert (pieces[-1].answered, pieces[-1].refused, pieces[0].unauthenticated) == (4, 1, 4)
    assert [piece.answered for piece in buckets(counts, NOW, 48, 24)] == [9, 4]
    assert total(counts, NOW_HOUR - 24, NOW_HOUR) == {"unauthenticated": 4, "read": 9}


def test_a_phrase_has_its_values_and_its_number() -> None:
    assert str(said("100 %")) == "100 %"
    assert str(said("%(a)s of %(b)s", a=said("one"), b=2)) == "one of 2"
    assert [str(counted("%(count)s day", "%(count)s days", n)) for n in (0, 1, 2)] == ["0 days", "1 day", "2 days"]
