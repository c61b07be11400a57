"""The page that explains refused sign-ins has every refusal, word for word as the console says it."""

from pathlib import Path

import pytest

from hallway.hub.sign_in.advice import ADVICE, Advice, Side
from hallway.hub.sign_in.openid_advice import OPENID_ADVICE
from tests.house.source import ROOT

PAGE = ROOT / "docs" / "how-to" / "troubleshoot-sign-in.md"
WHO = {
    Side.PROVIDER: "provider",
    Side.HERE: "here",
    Side.BOTH: "both",
    Side.PERSON: "the person",
    Side.NOBODY: "nobody",
}


def row(code: str, advice: Advice) -> str:
    """A line of the table."""
    return f"| {advice.sentence} | {advice.remedy} | {WHO[advice.side]} | `{code}` |"


def part(heading: str, path: Path = PAGE) -> list[str]:
    """The rows below a heading."""
    text = path.read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return [line for line in text.splitlines() if line.startswith("| ") and "`" in line]


@pytest.mark.parametrize(
    ("heading", "advice"),
    [("SAML, and what is judged after any protocol", ADVICE), ("OpenID Connect", OPENID_ADVICE)],
)
def test_every_refusal_stands_on_the_page_as_the_console_says_it(heading: str, advice: dict[str, Advice]) -> None:
    assert part(heading) == [
        row(code, one) for code, one in sorted(advice.items(), key=lambda each: str(each[1].sentence))
    ]
