"""The page of mails: in development only, its links only to this deployment."""

from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from hallway.accounts.model import DEPLOYMENT
from hallway.journal.model import Change
from hallway.web.mail_pages import MailPages
from tests.web.asgi import Answer, call
from tests.web.deployment import Deployment, deployed

BASE = "http://hub.localhost:8000"


async def get(hub: Deployment, path: str, **headers: str) -> Answer:
    return await call(hub.app, "GET", path, {"accept": "text/html", **headers})


async def sent(hub: Deployment, to: str, subject: str, text: str) -> str:
    """The name of a mail that was promised and delivered."""
    mailing = hub.hub.mailing
    await hub.hub.stores.database.commit(Change(DEPLOYMENT, tuple(mailing.letters(DEPLOYMENT, to, subject, text))))
    assert mailing.postman is not None and mailing.kept is not None
    await mailing.postman.round()
    deliveries = hub.serving._deliveries
    assert deliveries is not None
    await deliveries.stop()  # where those who serve were faster, they are done now
    [name] = [one.name for one in mailing.kept.mails() if one.subject == subject]
    return name


async def test_mails_are_listed_newest_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        empty = await get(hub, "/mail")
        assert empty.status == 200 and b"No mail yet" in empty.body
        first = await sent(hub, "ada@example.com", "Join <Acme>", "Hello\n")
        second = await sent(hub, "bob@example.com", "Später", "Hello\n")
        page = BeautifulSoup((await get(hub, "/mail")).body, "html.parser")
        rows = [list(row.td.stripped_strings) for row in page.select("tbody tr")]  # type: ignore[union-attr]
        assert rows == [["Später", "bob@example.com"], ["Join <Acme>", "ada@example.com"]]
        assert [link["href"] for link in page.select("tbody a")] == [f"/mail/{second}", f"/mail/{first}"]


async def test_a_mail_is_read_and_its_links_lead_here_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"Open:\n\n{BASE}/invitation?code=hw_invite_a&b=<b>\n\nor http://evil.example/ and javascript:alert(1)\n"
    async with deployed(tmp_path, monkeypatch) as hub:
        answer = await get(hub, f"/mail/{await sent(hub, 'ada@example.com', 'Join Acme', text)}")
        page = BeautifulSoup(answer.body, "html.parser")
        [body] = page.select(".mail-text")
        assert answer.status == 200 and page.h1.get_text() == "Join Acme"  # type: ignore[union-attr]
        assert body.get_text() == text
        assert [link["href"] for link in body("a")] == [f"{BASE}/invitation?code=hw_invite_a&b=<b>"]
        for name in ("0" * 32, "x", "..%2Fhallway.db"):
            assert (await get(hub, f"/mail/{name}")).status == 404


@pytest.mark.parametrize(
    ("text", "links"),
    [
        (f"{BASE}", [BASE]),
        (f"See {BASE}/a.", [f"{BASE}/a"]),
        (f"({BASE}/a?b=c#d), {BASE}/e;", [f"{BASE}/a?b=c#d", f"{BASE}/e"]),
        (f"{BASE}.evil.example/a {BASE}@evil.example {BASE}1/a", []),
        ("https://hub.localhost:8000/a //hub.localhost:8000/a", []),
    ],
)
def test_a_link_begins_with_our_own_address(text: str, links: list[str]) -> None:
    parts = MailPages(None, None, BASE).parts(text)  # type: ignore[arg-type]
    assert [part for part, linked in parts if linked] == links
    assert "".join(part for part, _ in parts) == text


@pytest.mark.parametrize(
    "more",
    [
        {"base_url": "https://hub.example.com"},
        {"base_url": "https://hub.example.com", "smtp_url": "smtps://127.0.0.1", "mail_from": "a@b.example"},
        {"smtp_url": "smtps://127.0.0.1", "mail_from": "a@b.example"},
    ],
)
async def test_elsewhere_there_is_no_such_page(
    more: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / f"{'0' * 32}.eml").write_text("Date: Tue, 14 Nov 2023 22:13:20 +0000\nTo: a\nSubject: b\n\nc")
    async with deployed(tmp_path, monkeypatch, **more) as hub:
        host = "hub.example.com" if "base_url" in more else "hub.localhost:8000"
        for path in ("/mail", f"/mail/{'0' * 32}"):
            assert (await get(hub, path, host=host)).status == 404
