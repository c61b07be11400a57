import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallway.web.limits import Bucket, RateLimiter, retry_after


def taken(limiter: RateLimiter, key: str, now: float, times: int) -> int:
    return sum(limiter.take(key, now) is None for _ in range(times))


def test_a_rested_key_may_burst_and_then_keeps_to_the_rate() -> None:
    limiter = RateLimiter(Bucket(50, 1000))
    assert taken(limiter, "a", 100.0, 2000) == 1000
    assert taken(limiter, "a", 101.0, 2000) == 50
    assert taken(limiter, "a", 1101.0, 2000) == 1000


def test_the_wait_is_the_time_until_the_next_token() -> None:
    limiter = RateLimiter(Bucket(2, 1))
    assert limiter.take("a", 10.0) is None
    assert limiter.take("a", 10.0) == pytest.approx(0.5)
    assert limiter.take("a", 10.2) == pytest.approx(0.3)
    assert limiter.take("a", 10.5) is None


def test_keys_do_not_share() -> None:
    limiter = RateLimiter(Bucket(1, 1))
    assert limiter.take("a", 0.0) is None
    assert limiter.take("b", 0.0) is None
    assert limiter.take("a", 0.0) is not None


def test_asking_takes_nothing_and_says_the_same() -> None:
    limiter = RateLimiter(Bucket(1, 2))
    for _ in range(5):
        assert limiter.wait("a", 0.0) is None
    assert taken(limiter, "a", 0.0, 5) == 2
    assert limiter.wait("a", 0.0) == limiter.take("a", 0.0) == pytest.approx(1.0)


def test_a_rate_of_zero_limits_nothing_and_keeps_nothing() -> None:
    limiter = RateLimiter(Bucket(0, 1))
    assert taken(limiter, "a", 0.0, 10_000) == 10_000
    assert len(limiter) == 0


def test_full_buckets_are_forgotten_when_there_are_too_many() -> None:
    limiter = RateLimiter(Bucket(1, 10), most_keys=100)
    for number in range(100):
        limiter.take(f"old {number}", 0.0)
    assert taken(limiter, "busy", 50.0, 20) == 10
    assert len(limiter) == 1


def test_a_crowd_of_keys_never_grows_past_the_bound_and_the_emptiest_stay() -> None:
    limiter = RateLimiter(Bucket(1, 10), most_keys=100)
    assert taken(limiter, "busy", 0.0, 20) == 10
    for number in range(10_000):
        limiter.take(f"stranger {number}", 0.0)
        assert len(limiter) <= 100
    assert limiter.take("busy", 0.0) is not None


@given(st.lists(st.floats(0, 0.5), max_size=200), st.integers(1, 20), st.integers(1, 20))
def test_no_window_ever_lets_more_through_than_burst_and_rate(gaps: list[float], rate: int, burst: int) -> None:
    limiter = RateLimiter(Bucket(rate, burst))
    now = 0.0
    passed = []
    for gap in gaps:
        now += gap
        if limiter.take("a", now) is None:
            passed.append(now)
    for first, start in enumerate(passed):
        for last in range(first, len(passed)):
            assert last - first + 1 <= burst + rate * (passed[last] - start) + 0.001


@pytest.mark.parametrize(("seconds", "text"), [(0.01, b"1"), (1.0, b"1"), (1.2, b"2"), (60, b"60")])
def test_retry_after_is_whole_seconds(seconds: float, text: bytes) -> None:
    assert retry_after(seconds) == text
