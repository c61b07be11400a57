"""Sign-in with samlp, the library that Auth0 answers with: its defaults and its options."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.peers.joining import Joined, joined
from tests.peers.node import NodePeer, samlp
from tests.peers.simplesaml import PASSWORD
from tests.peers.visitor import Visitor
from tests.running import RunningHub

GCM = "http://www.w3.org/2009/xmlenc11#aes256-gcm"
CBC = {
    "encrypts": True,
    "encryptionAlgorithm": "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
    "disallowEncryptionWithInsecureAlgorithm": False,
}


@contextmanager
def acquainted(hub: RunningHub, directory: Path, name: str, **options: Any) -> Iterator[tuple[NodePeer, Joined]]:
    """A samlp and an organization that read each other's metadata; ada has an account there."""
    email = f"ada@{name.lower()}.example"
    ada = {"id": "ada-1", "displayName": "Ada Byron", "name": {"givenName": "Ada", "familyName": "Byron"}}
    with samlp(directory, {"ada": {**ada, "emails": [{"value": email}]}}, **options) as peer:
        there = joined(hub, name, peer.read("/metadata"))
        peer.knows(there.metadata)
        there.invite("ada")
        yield peer, there


def at_the_form(there: Joined) -> Visitor:
    """Somebody who was sent to the peer."""
    visitor = Visitor()
    visitor.get(f"{there.url}?next=/settings/members")
    assert visitor.has("username"), (visitor.hops, visitor.text[:500])
    return visitor


def typed(visitor: Visitor) -> Visitor:
    """Past the peer's form."""
    return visitor.submit("username", username="ada", password=PASSWORD).carried()


@pytest.mark.parametrize(
    ("name", "options", "facts"),
    [
        ("Defaults", {}, (False, False)),
        ("Both", {"signResponse": True}, (True, False)),
        ("Outer", {"signResponse": True, "signAssertion": False}, (True, False)),
        ("Prefixed", {"signResponse": True, "signatureNamespacePrefix": "ds"}, (True, False)),
        ("Untyped", {"typedAttributes": False, "includeAttributeNameFormat": False}, (False, False)),
        ("Gcm", {"encrypts": True, "encryptionAlgorithm": GCM}, (False, True)),
        ("Sealed", {"encrypts": True, "encryptionAlgorithm": GCM, "signResponse": True}, (True, True)),
        ("Cbc", {**CBC, "signResponse": True}, (True, True)),
    ],
)
def test_she_is_in(
    hub: RunningHub, tmp_path: Path, name: str, options: dict[str, Any], facts: tuple[bool, bool]
) -> None:
    with acquainted(hub, tmp_path, name, **options) as (_, there):
        visitor = typed(at_the_form(there))
        assert (visitor.status, visitor.path) == (200, "/settings/members"), (visitor.hops, visitor.text[:800])
        assert there.attempts() == [("accepted", "", "sign_in", f"ada@{there.domain}")]
        assert (there.facts()["response_signed"], there.facts()["encrypted"]) == facts
        assert there.member(f"ada@{there.domain}").name == "Ada Byron"


@pytest.mark.parametrize(
    ("name", "options", "code"),
    [
        ("Bare", {"signAssertion": False}, "not_signed"),
        ("Sha1", {"signatureAlgorithm": "rsa-sha1", "digestAlgorithm": "sha1"}, "signature_algorithm"),
        ("Digest1", {"digestAlgorithm": "sha1"}, "signature_algorithm"),
        ("Barecbc", CBC, "not_decrypted"),
        ("Othername", {"issuer": "https://another.example/"}, "wrong_issuer"),
        ("Elsewhere", {"destination": "https://another.example/acs"}, "wrong_destination"),
        ("Signedelsewhere", {"recipient": "https://another.example/acs"}, "not_confirmed"),
        ("Otheraudience", {"audience": "https://another.example/"}, "wrong_audience"),
        ("Unasked", {"inResponseTo": "_another"}, "no_request"),
    ],
)
def test_she_is_not_in(hub: RunningHub, tmp_path: Path, name: str, options: dict[str, Any], code: str) -> None:
    with acquainted(hub, tmp_path, name, **options) as (_, there):
        visitor = typed(at_the_form(there))
        assert visitor.path == f"/sso/{there.connection.id.hex()}/acs", (visitor.hops, visitor.text[:500])
        assert code in visitor.text.split(), visitor.text
        assert "hub_session" not in visitor.jar["hub.localhost"] and not there.accepted()


def test_who_cancels_there_is_told_here(hub: RunningHub, tmp_path: Path) -> None:
    with acquainted(hub, tmp_path, "Cancelled") as (_, there):
        visitor = at_the_form(there).submit("username", decision="cancel").carried()
        assert visitor.status == 403 and "not_success" in visitor.text, (visitor.hops, visitor.text[:500])


def test_a_fresh_proof_is_typed_there(hub: RunningHub, tmp_path: Path) -> None:
    with acquainted(hub, tmp_path, "Fresh") as (_, there):
        visitor = typed(at_the_form(there))
        visitor.get(f"{there.base}/sign-in/again?next=/settings/members")
        visitor.post("/sign-in/again", next="/settings/members").carried()
        assert "once more" in visitor.text, (visitor.hops, visitor.text[:500])
        assert typed(visitor).path == "/settings/members", (visitor.hops, visitor.text[:500])
        assert there.attempts()[0][:3] == ("accepted", "", "again")


def test_signing_out_there_ends_the_session_here(hub: RunningHub, tmp_path: Path) -> None:
    with acquainted(hub, tmp_path, "Outthere") as (peer, there):
        visitor = typed(at_the_form(there))
        visitor.get(f"{peer.base}/logout").carried()
        assert (visitor.status, visitor.body) == (200, b""), (visitor.hops, visitor.text[:500])
        assert any(f"/sso/{there.connection.id.hex()}/logout" in hop for hop in visitor.hops)
        assert visitor.get(f"{there.base}/settings/members").path == "/sign-in"


def test_signing_out_here_ends_the_session_there(hub: RunningHub, tmp_path: Path) -> None:
    with acquainted(hub, tmp_path, "Outhere") as (peer, there):
        visitor = typed(at_the_form(there))
        visitor.post("/sign-out").carried()
        assert f"GET {peer.base}/logout 302" in visitor.hops, (visitor.hops, visitor.text[:500])
        assert (visitor.status, visitor.path) == (200, "/sign-in"), (visitor.hops, visitor.text[:500])
        assert visitor.get(there.url).has("username"), "the session there went on"
