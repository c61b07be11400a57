"""The shapes of vendors (saml.md 4.6): taken as they are sent, in their windows and not a moment longer."""

from typing import Any

import pytest

from hallway.saml.problem import SamlProblem
from hallway.saml.response import SKEW, Attribute, SignIn, judged
from tests.saml.sender import ACS, NOW, SP, expectation, micro
from tests.saml.vendors import (
    ADA,
    EMAIL,
    ENTRA,
    GOOGLE,
    JUMPCLOUD,
    KEYCLOAK,
    MICROSOFT,
    REFUSED,
    SHAPES,
    SHIBBOLETH,
    SIMPLESAMLPHP,
    TENANT,
    Shape,
    response,
)


def _judged(shape: Shape, **changes: Any) -> SignIn:
    return judged(response(shape), expectation(issuer=shape.issuer, **changes))


def _code(shape: Shape, **changes: Any) -> str:
    with pytest.raises(SamlProblem) as caught:
        _judged(shape, **changes)
    return caught.value.code


@pytest.mark.parametrize("name", SHAPES)
def test_the_shape_is_taken(name: str) -> None:
    shape = SHAPES[name]
    found = _judged(shape)
    assert (found.name_id.value, found.name_id.format) == (shape.name_id, shape.name_format)
    assert found.assertion_id == shape.ids[1] and found.in_response_to == "_request1"
    assert found.response_signed == (shape.sign != "assertion") and found.encrypted == bool(shape.cipher)
    assert found.context == shape.context
    assert (found.session_ends_at is None) == (shape.session is None)
    said = {one.name: sum(len(other.values) for other in shape.said if other.name == one.name) for one in shape.said}
    assert {one.name: len(one.values) for one in found.attributes} == said


@pytest.mark.parametrize("name", SHAPES)
def test_the_window_of_the_shape_is_ours_with_the_tolerance_once(name: str) -> None:
    shape = SHAPES[name]
    sent = micro(NOW) + (123_000 if "123" in shape.fraction else 0)
    first = sent - micro_of(shape.before) - SKEW
    last = sent + micro_of(shape.confirmed or shape.after) + SKEW
    first_issued = sent - SKEW
    assert _judged(shape, now=max(first, first_issued)).name_id.value == shape.name_id
    assert _code(shape, now=max(first, first_issued) - 1) == "too_early"
    assert _judged(shape, now=last - 1).name_id.value == shape.name_id
    assert _code(shape, now=last) == "too_late"


def micro_of(span: Any) -> int:
    """A span in microseconds."""
    return int(span.total_seconds() * 1_000_000)


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_vendor_can_be_set_to_and_we_do_not_take(name: str) -> None:
    shape, code = REFUSED[name]
    assert _code(shape) == code


@pytest.mark.parametrize("name", SHAPES)
def test_no_shape_is_taken_by_another_connection(name: str) -> None:
    shape = SHAPES[name]
    octets = response(shape)
    for change in (
        {"entity_id": SP + "/"},
        {"acs_url": ACS + "/"},
        {"issuer": shape.issuer + "/"},
        {"request_id": "_request2"},
        {"request_id": None},
    ):
        with pytest.raises(SamlProblem):
            judged(octets, expectation(**{"issuer": shape.issuer, **change}))


@pytest.mark.parametrize("name", ["Issuer", "Subject", "NameID", "Conditions", "AttributeValue"])
def test_an_undeclared_namespace_is_another_element(name: str) -> None:
    octets = response(ENTRA)
    for new in (b' xmlns=""', b' xmlns="urn:oasis:names:tc:SAML:1.0:assertion"'):
        changed = octets.replace(f"<{name}".encode(), f"<{name}".encode() + new, 1)
        assert changed != octets
        with pytest.raises(SamlProblem):
            judged(changed, expectation(issuer=ENTRA.issuer))


def test_what_each_says_is_read_as_it_stands() -> None:
    entra = {one.name: one.values for one in _judged(ENTRA).attributes}
    assert entra[MICROSOFT + "tenantid"] == (TENANT,)
    assert len(entra["http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"]) == 2
    assert _judged(ENTRA).name_id.format == EMAIL
    roles = [one for one in _judged(KEYCLOAK).attributes if one.name == "Role"]
    assert [one.values for one in roles] == [("manage-account", "offline_access")]
    targeted = [one for one in _judged(SHIBBOLETH).attributes if one.friendly_name == "eduPersonTargetedID"]
    assert [one.values for one in targeted] == [("opaque",)]
    assert _judged(SHIBBOLETH).name_id.name_qualifier == SHIBBOLETH.issuer
    assert _judged(SIMPLESAMLPHP).name_id.sp_name_qualifier == SP
    assert _judged(GOOGLE).attributes == (Attribute("groups", "", ("Staff",)), Attribute("empty", "", ()))
    assert _judged(JUMPCLOUD).name_id.value == ADA and _judged(JUMPCLOUD).attributes == ()
