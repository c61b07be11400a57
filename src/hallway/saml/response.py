"""Judging a response to a sign-in (SAML profiles §4.1.4): octets in, who signed in out, or why not.

Rules: signatures first; what no signature covers may make us refuse and never accept; identity is read from
`Verified` only; every restriction counts, and one that is not known refuses; times are compared with the same
tolerance everywhere.
"""

from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa

from hallway.saml.encryption import opened
from hallway.saml.instant import instant
from hallway.saml.problem import SamlProblem
from hallway.saml.signature import Trust, Verified, refuse_strange_signatures, verified
from hallway.saml.xml import SAML, SAMLP, Element, children, named, only_text, parsed

SUCCESS: Final = "urn:oasis:names:tc:SAML:2.0:status:Success"
BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
SKEW: Final = 90 * 1_000_000
"""Microseconds by which clocks may differ."""
_NIL: Final = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_STATEMENT: Final = named(SAML, "AttributeStatement")
_ATTRIBUTE: Final = named(SAML, "Attribute")
_ATTRIBUTE_VALUE: Final = named(SAML, "AttributeValue")
_NAME_ID: Final = named(SAML, "NameID")
_CONDITIONS: Final = frozenset(named(SAML, name) for name in ("AudienceRestriction", "OneTimeUse", "ProxyRestriction"))


@dataclass(frozen=True, slots=True)
class Expectation:
    """What one connection expects: its identity provider, its own two addresses, the request that waits, and now.

    `request_id` is None where no request waits; then the response is taken only if `unsolicited`. `fresh_since`
    is an instant that the sign-in must not lie before. Instants are microseconds since 1970.
    """

    issuer: str
    entity_id: str
    acs_url: str
    trust: Trust
    now: int
    request_id: str | None = None
    unsolicited: bool = False
    fresh_since: int | None = None
    decryption_keys: tuple[rsa.RSAPrivateKey, ...] = ()
    both_signed: bool = False


@dataclass(frozen=True, slots=True)
class NameId:
    """Who an assertion is about, byte for byte (SAML core §2.2.2)."""

    value: str
    format: str = ""
    name_qualifier: str = ""
    sp_name_qualifier: str = ""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute; repeated ones are merged in their order. `friendly_name` is for people only."""

    name: str
    name_format: str
    values: tuple[str, ...]
    friendly_name: str = ""


@dataclass(frozen=True, slots=True)
class SignIn:
    """What an accepted response says. `assertion_id` is to be remembered until `until`, so that it counts once."""

    assertion_id: str
    name_id: NameId
    until: int
    authenticated_at: int
    session_index: str
    session_ends_at: int | None
    context: str
    in_response_to: str
    key: int
    response_signed: bool
    encrypted: bool
    attributes: tuple[Attribute, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Received:
    """A response within the profile's bounds, parsed, and no more: which request it says that it answers, and where it
    says that it was sent.
    """

    unverified_root: Element
    unverified_request: str | None
    unverified_destination: str | None


def received(octets: bytes) -> Received:
    """A response of these octets. Raises `SamlProblem`."""
    root = parsed(octets)
    if root.tag != named(SAMLP, "Response"):
        raise SamlProblem("wrong_shape", "a samlp:Response", str(root.tag))
    return Received(root, root.get("InResponseTo"), root.get("Destination"))


def judged(message: bytes | Received, expected: Expectation) -> SignIn:
    """Who signed in. Raises `SamlProblem`, whose `signed` says whether a key of the connection had signed by then."""
    root = (message if isinstance(message, Received) else received(message)).unverified_root
    refuse_strange_signatures(root)
    outer, inner = verified(root, expected.trust), None
    try:
        response = outer.root if outer is not None else root
        _judge_response(response, expected, outer is not None)
        assertion, encrypted = _assertion(response, expected, outer is not None)
        inner = verified(assertion, expected.trust)
        if outer is None and inner is None:
            raise SamlProblem("not_signed", "a signed response or a signed assertion", "neither")
        if expected.both_signed and (outer is None or inner is None):
            raise SamlProblem("not_signed", "a signed response and a signed assertion", "one of them")
        signed = inner.root if inner is not None else assertion
        return _signed_in(signed, expected, _Provenance(outer, inner, encrypted, response.get("InResponseTo")))
    except SamlProblem as problem:
        problem.signed = outer is not None or inner is not None
        raise


@dataclass(frozen=True, slots=True)
class _Provenance:
    """How an assertion came."""

    outer: Verified | None
    inner: Verified | None
    encrypted: bool
    in_response_to: str | None

    @property
    def key(self) -> int:
        """The place of the key that counts."""
        kept = self.inner or self.outer
        return kept.key if kept is not None else -1


def _judge_response(response: Element, expected: Expectation, signed: bool) -> None:
    """What the response itself says; unsigned, it can only make us refuse."""
    _refuse_other("wrong_version", "2.0", response.get("Version"))
    _refuse_future(response.get("IssueInstant", ""), expected)
    issuers = children(response, SAML, "Issuer")
    if issuers:
        _refuse_other("wrong_issuer", expected.issuer, only_text(issuers[0]))
    destination = response.get("Destination")
    if destination is not None or signed:
        _refuse_other("wrong_destination", expected.acs_url, destination)
    _judge_status(response)
    _judge_request(response.get("InResponseTo"), expected)


def _judge_status(response: Element) -> None:
    codes = [code for status in children(response, SAMLP, "Status") for code in children(status, SAMLP, "StatusCode")]
    values = [code.get("Value", "") for code in codes]
    if values == [SUCCESS]:
        return
    below = [one.get("Value", "") for code in codes for one in children(code, SAMLP, "StatusCode")]
    raise SamlProblem("not_success", SUCCESS, " ".join([*values, *below]) or "no status")


def _judge_request(answered: str | None, expected: Expectation) -> None:
    if expected.request_id is not None:
        _refuse_other("wrong_request", expected.request_id, answered)
    elif answered is not None:
        raise SamlProblem("wrong_request", "an answer to a request that waits in this browser", answered)
    elif not expected.unsolicited:
        raise SamlProblem("unsolicited", "a sign-in that was begun here", "one that was begun at the identity provider")


def _refuse_other(code: str, wanted: str, received: str | None) -> None:
    if received != wanted:
        raise SamlProblem(code, wanted, "none" if received is None else received)


def _assertion(response: Element, expected: Expectation, covered: bool) -> tuple[Element, bool]:
    plain, sealed = children(response, SAML, "Assertion"), children(response, SAML, "EncryptedAssertion")
    if len(plain) + len(sealed) != 1:
        raise SamlProblem("no_assertion", "one assertion", f"{len(plain)} plain, {len(sealed)} encrypted")
    if plain:
        return plain[0], False
    assertion = opened(sealed[0], expected.decryption_keys, covered)
    refuse_strange_signatures(assertion)
    return assertion, True


def _signed_in(assertion: Element, expected: Expectation, came: _Provenance) -> SignIn:
    _refuse_other("wrong_version", "2.0", assertion.get("Version"))
    issuer = _one(assertion, "Issuer", "wrong_issuer")
    _refuse_other("wrong_issuer", expected.issuer, only_text(issuer))
    _refuse_future(assertion.get("IssueInstant", ""), expected)
    subject = _one(assertion, "Subject", "wrong_subject")
    name_id = _name_id(subject)
    until = _confirmed(subject, expected)
    _judge_conditions(assertion, expected)
    authenticated_at, index, ends_at, context = _authentication(assertion, expected)
    assertion_id = assertion.get("ID", "")
    if not assertion_id:
        raise SamlProblem("wrong_shape", "an ID of the assertion", "none")
    return SignIn(
        assertion_id=assertion_id,
        name_id=name_id,
        until=until + SKEW,
        authenticated_at=authenticated_at,
        session_index=index,
        session_ends_at=ends_at,
        context=context,
        in_response_to=came.in_response_to or "",
        key=came.key,
        response_signed=came.outer is not None,
        encrypted=came.encrypted,
        attributes=_attributes(assertion),
    )


def _one(element: Element, name: str, code: str) -> Element:
    found = children(element, SAML, name)
    if len(found) != 1:
        raise SamlProblem(code, f"one {name}", f"{len(found)}")
    return found[0]


def _name_id(subject: Element) -> NameId:
    found = _one(subject, "NameID", "wrong_subject")
    value = only_text(found)
    if not value.strip() or len(value) > 1024 or not value.isprintable():
        raise SamlProblem("wrong_subject", "a NameID of 1 to 1024 printable characters", value)
    return NameId(value, found.get("Format", ""), found.get("NameQualifier", ""), found.get("SPNameQualifier", ""))


def _confirmed(subject: Element, expected: Expectation) -> int:
    """Until when a bearer may present the assertion here; one confirmation must hold as a whole (profiles §4.1.4.2)."""
    why: SamlProblem | None = None
    for confirmation in children(subject, SAML, "SubjectConfirmation"):
        if confirmation.get("Method") != BEARER:
            continue
        data = children(confirmation, SAML, "SubjectConfirmationData")
        if len(data) != 1:
            continue
        try:
            return _confirmation(data[0], expected)
        except SamlProblem as problem:
            why = problem
    raise why or SamlProblem("not_confirmed", "a bearer confirmation for this address", "none")


def _confirmation(data: Element, expected: Expectation) -> int:
    _refuse_other("not_confirmed", expected.acs_url, data.get("Recipient"))
    if data.get("NotBefore") is not None:
        raise SamlProblem("not_confirmed", "a confirmation without NotBefore", data.get("NotBefore") or "")
    ends = data.get("NotOnOrAfter")
    if ends is None:
        raise SamlProblem("not_confirmed", "a confirmation with NotOnOrAfter", "none")
    until = instant(ends)
    if until + SKEW <= expected.now:
        raise SamlProblem("too_late", "a confirmation that has not ended", ends)
    answered = data.get("InResponseTo")
    if answered is not None or expected.request_id is not None:
        _judge_request(answered, expected)
    return until


def _judge_conditions(assertion: Element, expected: Expectation) -> None:
    conditions = _one(assertion, "Conditions", "wrong_audience")
    begins, ends = conditions.get("NotBefore"), conditions.get("NotOnOrAfter")
    if begins is not None and instant(begins) - SKEW > expected.now:
        raise SamlProblem("too_early", "a time that has come", begins)
    if ends is not None and instant(ends) + SKEW <= expected.now:
        raise SamlProblem("too_late", "a time that has not passed", ends)
    restrictions = children(conditions, SAML, "AudienceRestriction")
    if not restrictions:
        raise SamlProblem("wrong_audience", expected.entity_id, "no audience")
    for restriction in restrictions:
        audiences = [only_text(one) for one in children(restriction, SAML, "Audience")]
        if expected.entity_id not in audiences:
            raise SamlProblem("wrong_audience", expected.entity_id, ", ".join(audiences) or "no audience")
    for condition in conditions:
        if condition.tag not in _CONDITIONS:
            raise SamlProblem("unknown_condition", "conditions of SAML 2.0", str(condition.tag))


def _refuse_future(text: str, expected: Expectation) -> None:
    if instant(text) - SKEW > expected.now:
        raise SamlProblem("too_early", "a time that has come", text)


def _authentication(assertion: Element, expected: Expectation) -> tuple[int, str, int | None, str]:
    """When somebody signed in, the session's index and end, and how."""
    statements = children(assertion, SAML, "AuthnStatement")
    if not statements:
        raise SamlProblem("no_authentication", "an AuthnStatement", "none")
    statement = statements[0]
    at = instant(statement.get("AuthnInstant", ""))
    if at - SKEW > expected.now:
        raise SamlProblem("too_early", "a time that has come", statement.get("AuthnInstant", ""))
    if expected.fresh_since is not None and at + SKEW < expected.fresh_since:
        raise SamlProblem("not_fresh", "a sign-in that was made just now", statement.get("AuthnInstant", ""))
    ends = statement.get("SessionNotOnOrAfter")
    ends_at = None if ends is None else instant(ends)
    if ends_at is not None and ends_at + SKEW <= expected.now:
        raise SamlProblem("no_authentication", "a session that has not ended", ends or "")
    contexts = [
        only_text(one)
        for context in children(statement, SAML, "AuthnContext")
        for one in children(context, SAML, "AuthnContextClassRef")
    ]
    return at, statement.get("SessionIndex", ""), ends_at, contexts[0] if contexts else ""


def _attributes(assertion: Element) -> tuple[Attribute, ...]:
    merged: dict[tuple[str, str], Attribute] = {}
    for statement in assertion.iterchildren(_STATEMENT):
        for one in statement.iterchildren(_ATTRIBUTE):
            key = (one.get("Name", ""), one.get("NameFormat", ""))
            values = tuple([_value(value) for value in one.iterchildren(_ATTRIBUTE_VALUE) if value.get(_NIL) is None])
            before = merged.get(key)
            if before is not None:
                values = before.values + values
            merged[key] = Attribute(*key, values, one.get("FriendlyName", ""))
    return tuple(merged.values())


def _value(value: Element) -> str:
    """The text of a value; of one that holds a NameID (eduPersonTargetedID) that one's."""
    if len(value) == 1 and value[0].tag == _NAME_ID:
        return only_text(value[0])
    return only_text(value)
