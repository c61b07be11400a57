"""Beside the judges: whom we let in, at least two of them let in; whom none of them lets in, we refuse."""

from dataclasses import replace

import pytest

from hallway.saml.problem import CODES, SamlProblem
from hallway.saml.response import SignIn, judged
from tests.saml import attacks
from tests.saml.judges import JUDGES, verdicts
from tests.saml.mutants import EVIL, genuine, mutants
from tests.saml.sender import IDP, Login, Signing, expectation, message, rsa_key
from tests.saml.vendors import SHAPES, response

MUTANTS = 10_000
GENUINE = len(SHAPES) + 3
EACH = -(-MUTANTS // GENUINE)


def _ours(octets: bytes, issuer: str = IDP) -> SignIn | None:
    try:
        return judged(octets, expectation(issuer=issuer))
    except SamlProblem as problem:
        assert problem.code in CODES
        return None


def _let_in(octets: bytes, issuer: str = IDP) -> dict[str, str]:
    return {name: found for name, found in verdicts(octets, issuer).items() if isinstance(found, str)}


@pytest.mark.parametrize("sign", ["assertion", "response", "both"])
def test_the_judges_agree_on_what_is_genuine(sign: str) -> None:
    assert _let_in(message(sign=sign)) == dict.fromkeys(JUDGES, "ada@acme.example")


@pytest.mark.parametrize("name", SHAPES)
def test_two_judges_and_more_take_what_vendors_send(name: str) -> None:
    shape = SHAPES[name]
    octets = response(shape)
    ours = _ours(octets, shape.issuer)
    assert ours is not None
    let_in = _let_in(octets, shape.issuer)
    assert set(let_in.values()) == {ours.name_id.value}
    assert len(let_in) >= 3 if name == "Auth0" else len(let_in) == 4, verdicts(octets, shape.issuer)


def test_the_judges_are_judges() -> None:
    """None of them takes a message of another key, of no key, or one that was changed."""
    for octets in (
        message(how=Signing(rsa_key("evil"))),
        message(sign="none"),
        message().replace(b">ada@acme.example<", b">root@acme.example<"),
        message(Login(), "response", Signing(rsa_key("evil"))),
    ):
        assert _let_in(octets) == {}


CATALOGUE = attacks.catalogue()


@pytest.mark.parametrize("name", CATALOGUE)
def test_what_no_judge_takes_of_the_catalogue_we_refuse(name: str) -> None:
    """We refuse all of it; what of it some judge takes at least names nobody that it should not."""
    octets = CATALOGUE[name]()
    let_in = _let_in(octets)
    assert _ours(octets) is None, let_in
    assert EVIL not in let_in.values()


def test_most_of_the_catalogue_no_judge_takes() -> None:
    """Then what we refuse is not refused for an error of the messages alone, and not all for our own strictness."""
    refused = sum(not _let_in(make()) for make in CATALOGUE.values())
    assert refused > len(CATALOGUE) / 2


@pytest.mark.parametrize("place", range(GENUINE))
def test_no_mutant_that_is_taken_says_anything_else(place: int) -> None:
    """10,000 of them in all: one that is taken says to the byte what the genuine message says, and two judges agree."""
    name, octets, issuer = genuine()[place]
    said = _ours(octets, issuer or IDP)
    assert said is not None
    for mutant in mutants(octets, f"1:{name}", EACH):
        found = _ours(mutant, issuer or IDP)
        if found is None:
            continue
        assert replace(found, response_signed=said.response_signed, key=said.key) == said, mutant
        let_in = _let_in(mutant, issuer or IDP)
        agreed = [one for one in let_in.values() if one == said.name_id.value]
        assert len(agreed) >= 2, (mutant, verdicts(mutant, issuer or IDP))
