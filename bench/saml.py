"""`python -m bench.saml`: one signed SAML response beside four libraries, and hostile messages by ours alone.

CPU time of this process, all in turn within each round, the order turned from round to round, the median quoted. What
each does beside the signature differs, and the page says how.
"""

import argparse
import base64
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import minisaml.response
import signxml
import xmlsec
from cryptography.hazmat.primitives import serialization
from lxml import etree
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from signxml.verifier import SignatureConfiguration

from bench.report import machine
from bench.saml_message import ADA, AT, certificate, posted, usual_login
from hallway.saml.problem import SamlProblem
from hallway.saml.response import judged
from hallway.saml.xml import decoded_base64
from tests.saml.hostile import POSTED, encoded
from tests.saml.sender import ACS, DS, IDP, SAML, SP, expectation, micro

PAGE: Final = Path(__file__).parent.parent / "docs" / "reference" / "performance.md"
BEGIN: Final = "<!-- bench of saml: begin; `make bench` writes what stands between -->"
END: Final = "<!-- bench of saml: end -->"
ASSERTION: Final = f"{{{SAML}}}Assertion"
AIM_US: Final = 300.0
HOSTILE_AIM_MS: Final = 10.0


def _read(assertion: Any) -> str:
    """What the two that only verify leave to whoever calls them: the name and the attributes."""
    said: dict[str, list[str]] = {}
    for one in assertion.iter(f"{{{SAML}}}Attribute"):
        said[one.get("Name")] = [value.text or "" for value in one]
    return str(assertion.findtext(f".//{{{SAML}}}NameID"))


def _hallway(text: bytes) -> Callable[[], str]:
    expected = expectation(now=micro(AT))
    return lambda: judged(decoded_base64(text), expected).name_id.value


def _python3_saml(text: bytes) -> Callable[[], str]:
    pem = certificate().public_bytes(serialization.Encoding.PEM).decode()
    settings = OneLogin_Saml2_Settings(
        {
            "strict": True,
            "sp": {"entityId": SP, "assertionConsumerService": {"url": ACS}},
            "idp": {"entityId": IDP, "singleSignOnService": {"url": "https://idp.example/sso"}, "x509cert": pem},
        }
    )
    request = {"https": "on", "http_host": "hub.example", "script_name": "/saml/conn_1/acs", "get_data": {}}

    def act() -> str:
        found = OneLogin_Saml2_Response(settings, text.decode())
        found.is_valid(request, request_id="_request1", raise_exceptions=True)
        found.get_attributes()
        return str(found.get_nameid())

    return act


def _signxml(text: bytes) -> Callable[[], str]:
    expected = SignatureConfiguration(location=f"./{ASSERTION}/")

    def act() -> str:
        octets = base64.b64decode(text)
        found = signxml.XMLVerifier().verify(octets, x509_cert=certificate(), expect_config=expected)
        return _read(found.signed_xml)

    return act


def _minisaml(text: bytes) -> Callable[[], str]:
    return lambda: (
        minisaml.response.validate_response(
            data=text, certificate=certificate(), expected_audience=SP, idp_issuer=IDP
        ).name_id
    )


def _xmlsec(text: bytes) -> Callable[[], str]:
    pem = certificate().public_bytes(serialization.Encoding.PEM)
    key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatCertPem)

    def act() -> str:
        assertion = etree.fromstring(base64.b64decode(text)).find(ASSERTION)
        context = xmlsec.SignatureContext()
        context.key = key
        context.register_id(assertion, "ID")
        context.verify(assertion.find(f"{{{DS}}}Signature"))
        return _read(assertion)

    return act


SUBJECTS: Final[Mapping[str, Callable[[bytes], Callable[[], str]]]] = {
    "Hallway": _hallway,
    "python3-saml": _python3_saml,
    "signxml": _signxml,
    "minisaml": _minisaml,
    "xmlsec": _xmlsec,
}


def measured(rounds: int, times: int, more: int) -> dict[str, list[float]]:
    """Microseconds of CPU for one response, by library, round after round."""
    text = posted(usual_login(more))
    acts = {name: make(text) for name, make in SUBJECTS.items()}
    for name, act in acts.items():
        if act() != ADA:
            raise RuntimeError(f"{name} reads another name")
    found: dict[str, list[float]] = {name: [] for name in acts}
    names = list(acts)
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            found[name].append(_each(acts[name], times))
    return found


def _each(act: Callable[[], object], times: int) -> float:
    began = time.process_time()
    for _ in range(times):
        act()
    return (time.process_time() - began) / times * 1e6


def hostile(rounds: int) -> dict[str, tuple[int, str, float]]:
    """Octets, code and milliseconds of CPU of every hostile message, base64 included."""
    found = {}
    for name, (make, _) in POSTED.items():
        octets = make()
        text = encoded(octets)
        code = _refusal(text)
        spent = statistics.median(_each(lambda text=text: _refusal(text), 1) for _ in range(rounds))  # type: ignore[misc]
        found[name] = (len(octets), code, spent / 1000)
    return found


def _refusal(text: bytes) -> str:
    try:
        judged(decoded_base64(text), expectation())
    except SamlProblem as problem:
        return problem.code
    raise RuntimeError("a hostile message was taken")


def as_markdown(found: Mapping[str, list[float]], refused: Mapping[str, tuple[int, str, float]], beside: str) -> str:
    """Both tables."""
    facts = machine()
    ours = statistics.median(found["Hallway"])
    lines = [
        f"Measured on {facts['date']}: {facts['processor']}, {facts['cores']} cores, "
        f"Python {facts['python']}, {len(found['Hallway'])} rounds{beside}.",
        "",
        "| | version | CPU µs, median | least | ÷ Hallway |",
        "|---|---|--:|--:|--:|",
    ]
    for name, figures in found.items():
        median = statistics.median(figures)
        number = "" if name == "Hallway" else version(name)
        lines.append(f"| {name} | {number} | {median:,.0f} | {min(figures):,.0f} | {median / ours:.1f} |")
    lines += ["", "| hostile message | octets | refused with | CPU ms |", "|---|--:|---|--:|"]
    lines += [f"| {name} | {size:,} | `{code}` | {spent:.2f} |" for name, (size, code, spent) in refused.items()]
    return "\n".join(lines)


def main() -> int:
    """Measure, print, and write the page unless asked not to; a missed aim is told."""
    parser = argparse.ArgumentParser(prog="python -m bench.saml", description=__doc__)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--times", type=int, default=100, help="responses in each round")
    parser.add_argument("--more", type=int, default=0, help="attributes beside the usual five")
    parser.add_argument("--beside", default="", help="what else ran meanwhile, for the page")
    parser.add_argument("--no-page", action="store_true")
    asked = parser.parse_args()
    found, refused = measured(asked.rounds, asked.times, asked.more), hostile(5)
    tables = as_markdown(found, refused, f", {asked.beside}" if asked.beside else "")
    print(tables)
    if not asked.no_page:
        before, begin, rest = PAGE.read_text().partition(BEGIN)
        if not begin:
            raise RuntimeError(f"{PAGE} has no place for these tables")
        PAGE.write_text(f"{before}{BEGIN}\n\n{tables}\n\n{END}{rest.partition(END)[2]}")
    if statistics.median(found["Hallway"]) > AIM_US or max(one[2] for one in refused.values()) > HOSTILE_AIM_MS:
        print(f"Above what is aimed at: {AIM_US:.0f} us for a response, {HOSTILE_AIM_MS:.0f} ms for a hostile message.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
