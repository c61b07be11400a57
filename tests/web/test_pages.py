"""Pages: their headers, their errors, their redirects, and who may post to them."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from bs4 import BeautifulSoup

from hallway.hub.organizations.service import Refused
from hallway.journal.model import Unavailable
from hallway.web.app import application_of
from hallway.web.cookies import Cookies
from hallway.web.guards import Limited
from hallway.web.http import Request
from hallway.web.pages import POLICY, own_path
from hallway.web.routes import ROUTES
from tests.rooms.opened import settings_in
from tests.web.asgi import Answer, call
from tests.web.deployment import Deployment, deployed

BROWSER = {"accept": "text/html,application/xhtml+xml"}
OURS = {"sec-fetch-site": "same-origin", "origin": "http://hub.localhost:8000"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
OPEN_PAGES = sorted(row.path for row in ROUTES if row.page and row.method == "GET" and "{" not in row.path)


async def get(hub: Deployment, path: str, **headers: str) -> Answer:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return await call(hub.app, "GET", path, {**BROWSER, **given})


async def post(hub: Deployment, path: str, body: bytes, headers: dict[str, str]) -> Answer:
    return await call(hub.app, "POST", path, {**BROWSER, **FORM, **headers}, body)


def title(answer: Answer) -> str:
    found = BeautifulSoup(answer.body, "html.parser").title
    assert found is not None
    return found.text


def check_page(answer: Answer) -> None:
    """What every page has."""
    headers = answer.headers
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["content-security-policy"] == POLICY
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    soup = BeautifulSoup(answer.body, "html.parser")
    assert len(soup.find_all("h1")) == 1 and soup.html is not None and soup.html["lang"]
    assert soup.find_all("style") == [] and soup.find_all(style=True) == []
    assert [script for script in soup.find_all("script") if not script.get("src")] == []
    handlers = [name for tag in soup.find_all(True) for name in tag.attrs if name.startswith(("on", "hx-on"))]
    assert handlers == []


@pytest.mark.parametrize("path", OPEN_PAGES)
async def test_every_page_has_the_headers_of_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        answer = await get(hub, path)
        if answer.status == 303:
            assert answer.headers["location"].startswith("/") and not answer.headers["location"].startswith("//")
        else:
            check_page(answer)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("DELETE", "/patterns", 405), ("GET", "/patterns?q=%ff", 400)],
)
async def test_a_browser_gets_errors_as_pages_and_a_program_as_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, path: str, status: int
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        answer = await call(hub.app, method, path, BROWSER)
        assert answer.status == status
        check_page(answer)
        if status == 405:
            assert answer.headers["allow"] == "GET, HEAD"
        bare = await call(hub.app, method, path)
        assert bare.status == status and bare.headers["content-type"] == "text/plain; charset=utf-8"
        scim = await call(hub.app, "GET", "/scim/dir_0/v2/Users", BROWSER)
        assert scim.headers["content-type"].startswith("application/scim+json")


async def test_a_page_under_a_foreign_name_is_a_421_that_does_not_repeat_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        answer = await get(hub, "/patterns", host="evil.example")
        assert answer.status == 421 and b"evil" not in answer.body
        check_page(answer)


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (Refused("not_found", "This directory is gone <b>."), 404, "This directory is gone <b>."),
        (Refused("conflict", "100% taken."), 409, "100% taken."),
        (Refused("forbidden", "Only an owner may."), 403, "Only an owner may."),
        (Refused("plan", "Not in this plan."), 403, "Not in this plan."),
        (Refused("invalid", "Write a name."), 422, "Write a name."),
        (Limited("slow down", b"7"), 429, "Nothing is wrong with your account."),
        (Unavailable("the database is gone"), 503, "The database does not answer"),
        (KeyError("hunter2"), 500, "Number of this request"),
    ],
)
async def test_what_a_page_raises_is_said_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, said: str
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:

        async def broken(_: Request, __: object) -> Any:
            raise error

        hub.serving.page_handlers["patterns"] = broken
        answer = await get(hub, "/patterns")
        assert answer.status == status
        check_page(answer)
        text = BeautifulSoup(answer.body, "html.parser").get_text(" ", strip=True)
        assert said in text and "hunter2" not in text
        assert (answer.headers["x-request-id"] in text) == (status >= 500)
        part = await get(hub, "/patterns", hx_request="true")
        assert part.status == status and b"<html" not in part.body and b"banner-bad" in part.body
        plain = await call(hub.app, "GET", "/patterns")
        assert plain.status == status and plain.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (OURS, 303),
        ({"sec-fetch-site": "same-origin"}, 303),
        ({"sec-fetch-site": "none"}, 303),
        ({"sec-fetch-site": "same-origin", "origin": "null"}, 303),
        ({"origin": "http://hub.localhost:8000"}, 303),
        ({"origin": "HTTP://HUB.LOCALHOST:8000"}, 303),
        ({}, 303),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": ""}, 403),
        ({"origin": "null"}, 403),
        ({"origin": ""}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://hub.localhost:8001"}, 403),
        ({"origin": "http://hub.localhost:8000.evil.example"}, 403),
        ({"origin": "ftp://hub.localhost:8000"}, 403),
        ({"sec-fetch-site": "same-origin", "origin": "http://evil.example"}, 403),
        ({"sec-fetch-site": "none", "origin": "null"}, 403),
    ],
)
async def test_no_page_of_another_site_posts_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], status: int
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        answer = await post(hub, "/preferences", b"theme=dark&next=/patterns", headers)
        assert answer.status == status
        assert bool(answer.cookies) == (status == 303)
        if status == 403:
            check_page(answer)


async def test_over_tls_a_page_without_tls_is_another_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch, base_url="https://hub.example.com") as hub:
        for scheme, status in (("https", 303), ("http", 403)):
            headers = {"host": "hub.example.com", "origin": f"{scheme}://hub.example.com"}
            answer = await post(hub, "/preferences", b"theme=dark&next=/", headers)
            assert answer.status == status
        assert answer.headers["strict-transport-security"] == "max-age=31536000"


OUR_FORMS = [row for row in ROUTES if row.page and row.method != "GET" and not row.cross_site]


@pytest.mark.parametrize("row", OUR_FORMS, ids=lambda row: row.path)
async def test_no_row_of_a_page_takes_a_post_of_another_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: Any
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        path = row.path.replace("{", "").replace("}", "")
        answer = await call(hub.app, row.method, path, {**FORM, "sec-fetch-site": "cross-site"}, b"a=b")
        assert answer.status == 403 and answer.cookies == []


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "http:evil.example",
        "javascript:alert(1)", "evil.example", "", "/\tevil", "/a\r\nset-cookie: x=y", "\n/", " /patterns",
        "///evil.example", "/" + "a" * 6000,
    ],
)  # fmt: skip
async def test_a_redirect_never_leaves_this_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: str) -> None:
    assert own_path(wanted) == "/"
    async with deployed(tmp_path, monkeypatch) as hub:
        answer = await post(hub, "/preferences", b"next=" + quote(wanted, safe="").encode(), OURS)
        assert answer.status == 303
        assert answer.headers["location"] == ("/patterns" if wanted == " /patterns" else "/")


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        ("/directories/dir_0?q=a%20b&page=2#top", "/directories/dir_0?q=a%20b&page=2#top"),
        ("/settings/members?q=Änne", "/settings/members?q=%C3%84nne"),
        ('/a"><script>', "/a%22%3E%3Cscript%3E"),
    ],
)
def test_a_redirect_keeps_paths_of_ours(wanted: str, path: str) -> None:
    assert own_path(wanted) == path


def request_with(cookie: bytes) -> Request:
    async def receive() -> Any:
        raise AssertionError

    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [(b"cookie", cookie)]}
    return Request(scope, receive)


def test_cookies_are_closed_to_scripts_and_to_other_sites() -> None:
    secure, local = Cookies(True), Cookies(False)
    assert secure.made("session", "a.b") == (
        b"set-cookie", b"__Host-hub_session=a.b; Path=/; Secure; HttpOnly; SameSite=Lax",
    )  # fmt: skip
    assert local.made("theme", "dark", 60) == (
        b"set-cookie", b"hub_theme=dark; Path=/; Max-Age=60; HttpOnly; SameSite=Lax",
    )  # fmt: skip
    assert b"Max-Age=0" in local.ended("theme")[1]
    for wrong in ("a;b", "a b", "a\r\nb", 'a"b', "ä", "a,b", "a\\b"):
        with pytest.raises(ValueError, match="cannot carry"):
            local.made("theme", wrong)


def test_a_cookie_is_read_by_its_whole_name() -> None:
    assert Cookies(False).read(request_with(b"xhub_theme=light; hub_theme=dark; hub_theme=auto"), "theme") == "dark"
    assert Cookies(True).read(request_with(b"hub_theme=dark"), "theme") == ""


async def test_what_was_done_is_said_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        pages = hub.serving._pages
        assert pages is not None
        made = pages.see_other("/patterns", done="“Ada” <was> invited.")
        cookie = dict(made.headers)[b"set-cookie"].decode().partition(";")[0]
        shown = await get(hub, "/patterns", cookie=cookie)
        assert "“Ada” &lt;was&gt; invited.".encode() in shown.body
        assert shown.cookies == ["hub_done=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"]
        for broken in ("hub_done=%", "hub_done=_", "hub_done=" + "a" * 5000, "hub_done=____"):
            answer = await get(hub, "/patterns", cookie=broken)
            assert answer.status == 200 and b'class="banner banner-good" role="status"' not in answer.body


@pytest.mark.parametrize(
    ("headers", "language", "heading"),
    [
        ({}, "en", "There is nothing at this address"),
        ({"accept_language": "de-AT,de;q=0.9,en;q=0.8"}, "de", "Unter dieser Adresse gibt es nichts"),
        ({"accept_language": "fr, de;q=0.3, en;q=0.7"}, "en", "There is nothing at this address"),
        ({"accept_language": "de;q=0, en;q=nonsense, *"}, "en", "There is nothing at this address"),
        ({"accept_language": "en", "cookie": "hub_language=de"}, "de", "Unter dieser Adresse gibt es nichts"),
        ({"accept_language": "de", "cookie": "hub_language=xx"}, "de", "Unter dieser Adresse gibt es nichts"),
    ],
)
async def test_a_page_speaks_the_language_that_the_browser_asks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], language: str, heading: str
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        answer = await get(hub, "/nowhere", **headers)
        soup = BeautifulSoup(answer.body, "html.parser")
        assert soup.html is not None and soup.html["lang"] == language
        assert soup.h1 is not None and soup.h1.text == heading


async def test_theme_and_language_stay_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        answer = await post(hub, "/preferences", b"theme=dark&language=de&next=/patterns%3Fq=ada", OURS)
        assert answer.headers["location"] == "/patterns?q=ada"
        assert [cookie.partition(";")[0] for cookie in answer.cookies] == ["hub_theme=dark", "hub_language=de"]
        shown = await get(hub, "/patterns", cookie="hub_theme=dark; hub_language=de")
        assert b'<html lang="de" data-theme="dark">' in shown.body
        nothing = await post(hub, "/preferences", b"theme=%22%3E&language=xx&next=/", OURS)
        assert nothing.status == 303 and nothing.cookies == []
        assert b'data-theme="auto"' in (await get(hub, "/patterns", cookie='hub_theme="><b>')).body


async def test_a_fragment_is_a_part_of_the_page_and_says_so_to_caches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        part = await get(hub, "/patterns?q=ada", hx_request="true")
        assert part.body.lstrip().startswith(b'<div id="found"') and part.headers["vary"] == "hx-request"
        whole = await get(hub, "/patterns?q=ada")
        assert b"<html" in whole.body and whole.headers["vary"] == "hx-request"
        assert b"Lovelace" in part.body and b"Wolfe" not in part.body


@pytest.mark.parametrize("wrong", [b"a=%ff", b"a=%00", b"\xff=1", b"&".join(b"a=1" for _ in range(600))])
async def test_a_form_that_cannot_be_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: bytes
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        assert (await post(hub, "/preferences", wrong, OURS)).status == 400
        assert (await post(hub, "/preferences", b"a=" + b"b" * 70_000, OURS)).status == 413
        assert (await post(hub, "/preferences", b"{}", {**OURS, "content-type": "application/json"})).status == 415


async def test_patterns_are_not_shown_to_the_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch, base_url="https://hub.example.com") as hub:
        assert (await get(hub, "/patterns", host="hub.example.com")).status == 404


async def test_files_are_named_by_their_content_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        soup = BeautifulSoup((await get(hub, "/patterns")).body, "html.parser")
        addresses = [str(tag.get("href") or tag.get("src")) for tag in soup.head.find_all(["link", "script"])]  # type: ignore[union-attr]
        assert len(addresses) == 5
        for address in addresses:
            plain = await call(hub.app, "GET", address)
            packed = await call(hub.app, "GET", address, {"accept-encoding": "gzip, br"})
            assert plain.status == packed.status == 200
            assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert packed.headers["content-encoding"] == "gzip" and len(packed.body) < len(plain.body)
            assert plain.headers["x-content-type-options"] == "nosniff" and plain.headers["vary"] == "accept-encoding"
        for missing in ("hallway.css", "hallway.000000000000.css", "%2e%2e%2fapp.py"):
            assert (await call(hub.app, "GET", f"/static/{missing}")).status == 404


async def test_a_deployment_has_its_own_name_logo_and_colour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logo = tmp_path / "logo.svg"
    logo.write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    own = {"product_name": "Field<book", "product_logo": str(logo), "product_colour": "#ffd400"}
    async with deployed(tmp_path, monkeypatch, **own, support_address="help@fieldbook.example") as hub:
        answer = await get(hub, "/nowhere")
        assert title(answer) == "There is nothing at this address · Field<book"
        soup = BeautifulSoup(answer.body, "html.parser")
        image = soup.find("img", class_="product-logo")
        assert image is not None and soup.find("a", href="mailto:help@fieldbook.example") is not None
        picture = await call(hub.app, "GET", str(image["src"]))  # type: ignore[index]
        assert picture.body == logo.read_bytes() and "sandbox" in picture.headers["content-security-policy"]


@pytest.mark.parametrize(("name", "content"), [("logo.txt", b"x"), ("logo.png", b"x" * 600_000), ("none.png", None)])
async def test_a_logo_that_cannot_be_shown_is_named_at_the_start(
    tmp_path: Path, name: str, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    app = application_of(settings_in(tmp_path, product_logo=str(tmp_path / name)))
    with pytest.raises(Exception, match="product_logo"):
        await app.lifespan.start()
