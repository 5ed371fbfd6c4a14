"""How requests are sent: again, when it is safe, until there is an answer worth having.

A POST gets an `Idempotency-Key`, so that however often it is sent, it happens once. That is what makes it safe to repeat
when nobody knows whether the first one arrived. The generated client takes this as httpx's transport.
"""
from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

import httpx
from leadwright_client.models import Problem
from leadwright_client.types import UNSET, Unset

ATTEMPTS = 4


class Insistent(httpx.BaseTransport):
    """Sends a request up to four times: when the line broke, when the server is busy."""

    def __init__(self, line: httpx.BaseTransport | None = None) -> None:
        self.line = line or httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            request.headers.setdefault("Idempotency-Key", str(uuid.uuid4()))
        for attempt in range(1, ATTEMPTS + 1):
            is_last = attempt == ATTEMPTS
            try:
                response = self.line.handle_request(request)
            except httpx.TransportError:
                if is_last:
                    raise
                time.sleep(0.2 * 2**attempt)
                continue
            if is_last or response.status_code not in (429, 503):
                return response
            response.close()
            time.sleep(min(int(response.headers.get("Retry-After", attempt)), 30))
        raise AssertionError("the last attempt returns or raises")

    def close(self) -> None:
        self.line.close()


class Refused(Exception):
    """A refusal (RFC 9457). `problem.code` is stable and for programs; texts are for people."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.status} {problem.code}: {problem.detail}")
        self.problem = problem


T = TypeVar("T")


def body(answer: T | Problem | None) -> T:
    """The answer's body; a refusal is raised."""
    if isinstance(answer, Problem):
        raise Refused(answer)
    if answer is None:
        raise RuntimeError("the server answered what its document does not know")
    return answer


class Page(Protocol[T]):
    """What every list answers."""

    data: list[T]
    next_cursor: None | str


def every(page: Callable[[str | Unset], Page[T] | Problem | None]) -> Iterator[T]:
    """Every entry of a list, fetched page by page as they are asked for."""
    cursor: str | Unset | None = UNSET
    while cursor is not None:
        fetched = body(page(cursor))
        yield from fetched.data
        cursor = fetched.next_cursor
