"""Single logout over the browser (SAML core §3.7, profiles §4.4), both ways.

Rules: what ends a session is signed, by the message itself or by the address that it came in; a request is good for
a few minutes, and whoever takes it remembers it that long, so that it counts once; an answer tells nobody whether
there was a session.
"""

from dataclasses import dataclass
from typing import Final

from hallway.saml.instant import instant, instant_text
from hallway.saml.problem import SamlProblem
from hallway.saml.response import SKEW, SUCCESS, NameId
from hallway.saml.signature import Trust, refuse_strange_signatures, verified
from hallway.saml.writing import element, within
from hallway.saml.xml import SAML, SAMLP, Element, children, named, only_text, parsed

MOST_AGE: Final = 10 * 60 * 1_000_000
PARTIAL: Final = "urn:oasis:names:tc:SAML:2.0:status:PartialLogout"
MOST_INDEXES: Final = 64


@dataclass(frozen=True, slots=True)
class Party:
    """Who may tell us to end sessions: the identity provider of one connection, at our logout address."""

    issuer: str
    logout_url: str
    trust: Trust
    now: int


@dataclass(frozen=True, slots=True)
class LogoutAsked:
    """A request that counts: whose sessions end, all of them where no index is named.

    From `until` on it is refused for its age; so long its `id` is to be remembered.
    """

    id: str
    name_id: NameId
    session_indexes: tuple[str, ...]
    until: int


@dataclass(frozen=True, slots=True)
class LogoutAnswered:
    """An answer that counts; `complete` where the provider says that every session there ended."""

    in_response_to: str
    complete: bool


def logout_asked(octets: bytes, party: Party, address_signed: bool) -> LogoutAsked:
    """The request of an identity provider. Raises `SamlProblem`."""
    root = _judged(octets, "LogoutRequest", party, address_signed)
    until, ends = instant(root.get("IssueInstant", "")) + MOST_AGE, root.get("NotOnOrAfter")
    if ends is not None:
        until = min(until, instant(ends) + SKEW)
        if until <= party.now:
            raise SamlProblem("too_late", "a request that has not ended", ends)
    found = children(root, SAML, "NameID")
    if len(found) != 1:
        raise SamlProblem("wrong_subject", "one NameID", f"{len(found)}")
    one = found[0]
    name_id = NameId(
        only_text(one), one.get("Format", ""), one.get("NameQualifier", ""), one.get("SPNameQualifier", "")
    )
    indexes = tuple(only_text(index) for index in children(root, SAMLP, "SessionIndex")[:MOST_INDEXES])
    return LogoutAsked(_id(root), name_id, indexes, until)


def logout_answered(octets: bytes, party: Party, address_signed: bool) -> LogoutAnswered:
    """An answer to a request of ours; which one, and whether it still waits, the caller asks. Raises `SamlProblem`."""
    root = _judged(octets, "LogoutResponse", party, address_signed)
    request_id = root.get("InResponseTo", "")
    if not request_id:
        raise SamlProblem("wrong_request", "the ID of a request of ours", "none")
    status = [one for held in children(root, SAMLP, "Status") for one in children(held, SAMLP, "StatusCode")]
    if len(status) != 1 or not status[0].get("Value"):
        raise SamlProblem("wrong_shape", "one StatusCode", f"{len(status)} of them")
    complete = status[0].get("Value") == SUCCESS and not children(status[0], SAMLP, "StatusCode")
    return LogoutAnswered(request_id, complete)


def _judged(octets: bytes, name: str, party: Party, address_signed: bool) -> Element:
    root = parsed(octets)
    if root.tag != named(SAMLP, name):
        raise SamlProblem("wrong_logout", name, str(root.tag))
    refuse_strange_signatures(root)
    own = verified(root, party.trust)
    if own is None and not address_signed:
        raise SamlProblem("not_signed", "a signed message", "one without a signature")
    message = own.root if own is not None else root
    _refuse_other(message, party)
    return message


def _refuse_other(message: Element, party: Party) -> None:
    if message.get("Version") != "2.0":
        raise SamlProblem("wrong_version", "2.0", message.get("Version") or "none")
    issuers = [only_text(one) for one in children(message, SAML, "Issuer")]
    if issuers != [party.issuer]:
        raise SamlProblem("wrong_issuer", party.issuer, ", ".join(issuers) or "none")
    destination = message.get("Destination")
    if destination != party.logout_url:
        # Every message that is signed says where it goes (bindings §3.4.5.2, §3.5.5.2): one for another service of this
        # provider, which knows the same people, is not for us.
        raise SamlProblem("wrong_destination", party.logout_url, destination or "none")
    issued = message.get("IssueInstant", "")
    at = instant(issued)
    if at - SKEW > party.now:
        raise SamlProblem("too_early", "a time that has come", issued)
    if at + MOST_AGE <= party.now:
        raise SamlProblem("too_late", "a message of the last ten minutes", issued)


def _id(root: Element) -> str:
    found = root.get("ID", "")
    if not found or len(found) > 256:
        raise SamlProblem("wrong_shape", "an ID of at most 256 characters", found or "none")
    return found


@dataclass(frozen=True, slots=True)
class LogoutMessage:
    """What every logout message of ours says."""

    id: str
    issuer: str
    destination: str
    at: int


def logout_request(message: LogoutMessage, name_id: NameId, session_indexes: tuple[str, ...]) -> Element:
    """An unsigned LogoutRequest; the NameID is the assertion's, to the byte."""
    root = _message("LogoutRequest", message, {"NotOnOrAfter": instant_text(message.at + MOST_AGE // 2)})
    root.append(
        element(
            SAML,
            "NameID",
            {
                "Format": name_id.format or None,
                "NameQualifier": name_id.name_qualifier or None,
                "SPNameQualifier": name_id.sp_name_qualifier or None,
            },
            name_id.value,
        )
    )
    root.extend([element(SAMLP, "SessionIndex", text=index) for index in session_indexes])
    return root


def logout_response(message: LogoutMessage, in_response_to: str, complete: bool = True) -> Element:
    """An unsigned LogoutResponse."""
    root = _message("LogoutResponse", message, {"InResponseTo": in_response_to})
    code = element(SAMLP, "StatusCode", {"Value": SUCCESS})
    if not complete:
        code.append(element(SAMLP, "StatusCode", {"Value": PARTIAL}))
    root.append(within(element(SAMLP, "Status"), code))
    return root


def _message(name: str, message: LogoutMessage, more: dict[str, str]) -> Element:
    root = element(
        SAMLP,
        name,
        {
            "ID": message.id,
            "Version": "2.0",
            "IssueInstant": instant_text(message.at),
            "Destination": message.destination,
            **more,
        },
    )
    root.append(element(SAML, "Issuer", text=message.issuer))
    return root
