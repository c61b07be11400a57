"""What to do about a refused sign-in, by its code and protocol."""

import pytest

from hallway.hub.connections.model import Protocol
from hallway.hub.sign_in.advice import ADVICE, UNKNOWN
from hallway.hub.sign_in.openid_advice import OPENID_ADVICE, advice_of


@pytest.mark.parametrize(
    ("code", "protocol", "wanted"),
    [
        ("wrong_issuer", Protocol.SAML, ADVICE["wrong_issuer"]),
        ("wrong_issuer", Protocol.OIDC, OPENID_ADVICE["wrong_issuer"]),
        ("wrong_issuer", None, ADVICE["wrong_issuer"]),
        ("plan", Protocol.OIDC, ADVICE["plan"]),
        ("no_pkce", None, OPENID_ADVICE["no_pkce"]),
        ("of another time", Protocol.SAML, UNKNOWN),
    ],
)
def test_a_code_is_read_in_its_protocol(code: str, protocol: Protocol | None, wanted: object) -> None:
    assert advice_of(code, protocol) is wanted
