import ipaddress
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallway.web import query
from hallway.web.http import (
    BodyTooLarge,
    ClientDisconnected,
    MalformedRequest,
    Request,
    Response,
    combined,
    fresh_request_id,
    send,
    tidy_path,
)

PROXIES = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1/128"))


async def nothing() -> dict[str, Any]:
    return {"type": "http.disconnect"}


def request(
    path: str = "/Users",
    query_string: bytes = b"",
    headers: tuple[tuple[bytes, bytes], ...] = (),
    client: str | None = "192.0.2.7",
    proxies: Any = (),
    receive: Any = nothing,
) -> Request:
    scope = {"method": "GET", "path": path, "query_string": query_string, "headers": list(headers)}
    scope["client"] = (client, 5) if client else None
    return Request(scope, receive, proxies)


def receiving(*messages: dict[str, Any]) -> Any:
    left = list(messages)

    async def receive() -> dict[str, Any]:
        return left.pop(0)

    return receive


def part(body: bytes, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


# The query


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"userName%20eq%20%22a%2Bb@x.org%22", 'userName eq "a+b@x.org"'),
        (b"userName%20eq%20%22a+b@x.org%22", 'userName eq "a+b@x.org"'),
        (b"userName%20eq%20%22a+b%40x.org%22", 'userName eq "a+b@x.org"'),
        (b'userName%20eq%20"a+b@x.org"', 'userName eq "a+b@x.org"'),
        (b"userName+eq+%22a%2Bb%40x.org%22", 'userName eq "a+b@x.org"'),
        (b'userName+eq+"a+b@x.org"', 'userName eq "a+b@x.org"'),
        (b"userName+eq+%22a+b@x.org%22", 'userName eq "a+b@x.org"'),
        (b"displayName+eq+%22Team+North%22", 'displayName eq "Team North"'),
        (b"displayName+eq+%22R%26D+%40+North%22", 'displayName eq "R&D @ North"'),
        (b"displayName%20eq%20%22C++%22", 'displayName eq "C++"'),
        (b"displayName+eq+%22C%2B%2B%22", 'displayName eq "C++"'),
        (b"displayName%20eq%20%22say%20%5C%22a+b%5C%22%20+%22+and+x+pr", 'displayName eq "say \\"a+b\\" +" and x pr'),
        (b"attributes=", "attributes="),
        (b"userName,+emails", "userName, emails"),
        (b"%", "%"),
        (b"%zz%2", "%zz%2"),
        (b"%2522", "%22"),
        (b'"a+b', '"a+b'),
        (b'+"a+b', ' "a b'),
        (b"z%C3%BC", "zü"),
    ],
)
def test_a_plus_means_what_its_sender_meant(raw: bytes, value: str) -> None:
    assert query.decoded(raw) == value


EMAIL = st.from_regex(r"[a-z]+\+[a-z]+@[a-z]+\.org", fullmatch=True)
WORDS = st.text(st.characters(exclude_characters='"\\', exclude_categories=["Cs", "Cc"]), max_size=20)


@given(st.one_of(EMAIL, WORDS))
def test_a_filter_survives_both_ways_of_encoding(value: str) -> None:
    text = f'userName eq "{value}" and (active pr)'
    assert query.decoded(quote(text).encode()) == text
    assert query.decoded(quote_plus(text).encode()) == text


@given(st.lists(st.tuples(WORDS.filter(bool), WORDS)))
def test_pairs_read_back_what_was_encoded(pairs: list[tuple[str, str]]) -> None:
    raw = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs).encode()
    assert query.pairs(raw) == pairs


@given(st.binary())
def test_any_bytes_yield_pairs_or_a_problem(raw: bytes) -> None:
    try:
        request(query_string=raw).pairs()
    except MalformedRequest as problem:
        assert problem.status == 400


def test_empty_parts_of_a_query_count_as_nothing_and_a_bare_name_as_empty() -> None:
    assert request(query_string=b"&a&b=&&c=1=2&").pairs() == [("a", ""), ("b", ""), ("c", "1=2")]


# Path, headers, sender


@pytest.mark.parametrize(
    ("path", "tidy"),
    [("/Users/", "/Users"), ("//Users//7", "/Users/7"), ("/", "/"), ("//", "/"), ("/Users", "/Users"), ("/a///", "/a")],
)
def test_a_path_is_the_same_with_slashes_to_spare(path: str, tidy: str) -> None:
    assert tidy_path(path) == tidy
    assert request(path).path == tidy


def test_the_path_is_kept_as_it_came_too() -> None:
    scope = {"method": "GET", "path": "/a:b/", "raw_path": b"/a%3Ab/", "query_string": b"", "headers": []}
    came = Request(scope, nothing)
    assert (came.path, came.raw_path, came.client_address) == ("/a:b", b"/a%3Ab/", "")


def test_repeated_headers_are_one_list_in_their_order() -> None:
    pairs = [(b"accept", b"a"), (b"x", b"1"), (b"accept", b"b"), (b"cookie", b"c=1"), (b"cookie", b"d=2")]
    assert combined(pairs) == {b"accept": b"a, b", b"x": b"1", b"cookie": b"c=1; d=2"}


@pytest.mark.parametrize("name", [b"host", b"authorization", b"content-length", b"content-type"])
def test_a_header_of_one_value_may_not_come_twice(name: bytes) -> None:
    with pytest.raises(MalformedRequest, match=name.decode()):
        combined([(name, b"1"), (name, b"1")])


def test_a_header_is_text_or_empty() -> None:
    came = request(headers=((b"user-agent", b"caf\xe9"),))
    assert (came.header(b"user-agent"), came.header(b"accept")) == ("café", "")


@pytest.mark.parametrize(
    ("peer", "chain", "address"),
    [
        ("192.0.2.7", b"203.0.113.9", "192.0.2.7"),
        ("10.0.0.1", b"203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", b"6.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", b"6.6.6.6, 203.0.113.9, 10.9.9.9", "203.0.113.9"),
        ("10.0.0.1", b"203.0.113.9:4711", "203.0.113.9"),
        ("10.0.0.1", b"[2001:db8::9]:4711", "2001:db8::9"),
        ("10.0.0.1", b"2001:DB8::9", "2001:db8::9"),
        ("::ffff:10.0.0.1", b"::ffff:203.0.113.9", "203.0.113.9"),
        ("::1", b"203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", b"", "10.0.0.1"),
        ("10.0.0.1", b"unknown", "10.0.0.1"),
        ("10.0.0.1", b"203.0.113.9, junk, 10.2.2.2", "10.2.2.2"),
        ("10.0.0.1", b"10.1.1.1, 10.2.2.2", "10.1.1.1"),
        ("10.0.0.1", b"\xff\xfe", "10.0.0.1"),
    ],
)
def test_a_forwarded_address_counts_from_trusted_proxies_only(peer: str, chain: bytes, address: str) -> None:
    came = request(headers=((b"x-forwarded-for", chain),), client=peer, proxies=PROXIES)
    assert came.client_address == address


def test_without_trusted_proxies_the_peer_is_the_client() -> None:
    came = request(headers=((b"x-forwarded-for", b"203.0.113.9"), (b"x-request-id", b"0123456789")))
    assert came.client_address == "192.0.2.7"
    assert came.request_id != "0123456789"


@pytest.mark.parametrize(
    ("peer", "text", "kept"),
    [
        ("10.0.0.1", b"abc-0123456789", True),
        ("192.0.2.7", b"abc-0123456789", False),
        ("10.0.0.1", b"short", False),
        ("10.0.0.1", b"with space and\x1b[31m", False),
        ("10.0.0.1", b"x" * 65, False),
    ],
)
def test_a_request_id_is_taken_from_a_trusted_proxy_where_it_is_a_plain_word(
    peer: str, text: bytes, kept: bool
) -> None:
    came = request(headers=((b"x-request-id", text),), client=peer, proxies=PROXIES)
    assert (came.request_id == text.decode("latin-1")) is kept
    assert came.request_id


def test_request_ids_do_not_repeat() -> None:
    ids = {fresh_request_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert {len(one) for one in ids} == {24}


# Body


async def test_a_body_in_parts_is_joined_and_kept() -> None:
    came = request(receive=receiving(part(b"a", True), part(b"", True), part(b"bc")))
    assert await came.body(3) == b"abc"
    assert await came.body(3) == b"abc"
    with pytest.raises(BodyTooLarge):
        await came.body(2)


async def test_a_body_that_says_it_is_too_long_is_not_read() -> None:
    for length in (b"4", b"9" * 5000):
        came = request(headers=((b"content-length", length),), receive=receiving())
        with pytest.raises(BodyTooLarge) as problem:
            await came.body(3)
        assert (problem.value.status, problem.value.limit_bytes) == (413, 3)


async def test_a_length_that_is_no_number_is_refused() -> None:
    with pytest.raises(MalformedRequest):
        await request(headers=((b"content-length", b"-1"),)).body(3)


async def test_a_body_without_a_length_is_read_no_further_than_its_limit() -> None:
    left = receiving(part(b"ab", True), part(b"cd", True))
    with pytest.raises(BodyTooLarge):
        await request(receive=left).body(3)


async def test_a_sender_who_goes_away_is_no_empty_body() -> None:
    with pytest.raises(ClientDisconnected):
        await request(receive=receiving(part(b"ab", True), {"type": "http.disconnect"})).body(10)


# Answers


async def sent(response: Response, head_only: bool = False) -> tuple[dict[bytes, bytes], bytes]:
    messages: list[Any] = []

    async def keep(message: Any) -> None:
        messages.append(message)

    await send(response, keep, head_only, ((b"x-more", b"1"),))
    start, body = messages
    assert start["status"] == response.status
    return dict(start["headers"]), body["body"]


async def test_an_answer_has_its_length() -> None:
    headers, body = await sent(Response(200, b"abc", ((b"etag", b"1"),)))
    assert headers == {b"etag": b"1", b"content-length": b"3", b"x-more": b"1"}
    assert body == b"abc"


async def test_the_answer_to_head_has_the_length_and_no_body() -> None:
    headers, body = await sent(Response(200, b"abc"), head_only=True)
    assert (headers[b"content-length"], body) == (b"3", b"")


@pytest.mark.parametrize("status", [204, 304])
async def test_an_answer_that_may_have_no_body_has_none(status: int) -> None:
    headers, body = await sent(Response(status, b"abc"))
    assert (headers, body) == ({b"x-more": b"1"}, b"")
