"""A file from the first mirror that sends it whole, in memory, never waiting long for any.

A mirror may not answer, send slowly, send half the file, or send something else: it is then given
up for the next one, and the reason is kept for the reader. Standard library only, but for the
progress bar.
"""

import http.client
import queue
import socket
import ssl
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

from helpers.datasets.catalogue import Resource

LOOKUP_LIMIT = 2.0  # seconds for the addresses of all mirrors together: offline is soon noticed
ANSWER_LIMIT = 8.0  # seconds for an answer, and between two pieces of a file
PATIENCE = 600.0  # a host that would need longer than this for a file is given up,
SLOWEST = 4000.0  # and one that sends fewer bytes in a second


class MirrorFailed(Exception):
    """Why one mirror did not give one file; ``host`` if it would not give the others either."""

    def __init__(self, reason: str, host: bool = False):
        super().__init__(reason)
        self.host = host


def from_any_mirror(
    file: Resource, mirrors: list[str], reasons: dict[str, str], progress: "Progress"
) -> bytes | None:
    """The verified bytes of ``file``; ``None`` if no mirror gives them, and ``reasons`` says why.

    A mirror that does not answer is taken off the list, so that it is waited for only once.
    """
    for mirror in list(mirrors):
        progress.start_file()
        try:
            data = _download(mirror + file.name, file, progress)
            problem = file.problem(data)
            if problem is None:
                return data
            raise MirrorFailed(f"what it sent is not the official file ({problem})")
        except MirrorFailed as error:
            progress.take_back()
            reasons[mirror] = str(error)
            if error.host:
                mirrors.remove(mirror)
    return None


def problem(url: str) -> str | None:
    """Why ``url`` does not answer with a first byte; ``None`` if it does."""
    try:
        with _within(ANSWER_LIMIT, _open, url) as response:
            response.read1(1)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return reason(error)
    return None


def _download(url: str, file: Resource, progress: "Progress") -> bytes:
    """The body of ``url``, at most as long as ``file``. Raises ``MirrorFailed``."""
    data = bytearray()
    try:
        with _within(ANSWER_LIMIT, _open, url) as response:
            if response.headers.get_content_type() == "text/html":
                raise MirrorFailed(
                    "it sent a web page instead of the file (the sign-in page of a network?)"
                )
            mark, mark_time = 0, time.monotonic()
            while len(data) < file.size and (piece := response.read1(1 << 16)):
                data += piece
                progress.add(len(piece))
                if len(data) > file.size:
                    raise MirrorFailed("it sent something longer than the official file")
                seconds = time.monotonic() - mark_time
                if seconds >= ANSWER_LIMIT:
                    pace = (len(data) - mark) / seconds
                    if pace < SLOWEST or (file.size - len(data)) / pace > PATIENCE:
                        raise MirrorFailed(f"it is too slow ({pace / 1000:.1f} kB/s)", host=True)
                    mark, mark_time = len(data), time.monotonic()
    except urllib.error.HTTPError as error:
        raise MirrorFailed(f"it answered {error.code} {error.reason}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        if isinstance(error, TimeoutError) or isinstance(
            getattr(error, "reason", None), TimeoutError
        ):
            raise MirrorFailed(f"no answer for {ANSWER_LIMIT:g} seconds", host=True) from None
        raise MirrorFailed(reason(error), host=True) from None
    if len(data) < file.size:
        raise MirrorFailed(f"it sent only {len(data):,} of {file.size:,} bytes")
    return bytes(data)


def _open(url: str):
    request = urllib.request.Request(url, headers={"User-Agent": "cnn-course"})
    return urllib.request.urlopen(request, timeout=ANSWER_LIMIT)


def _within(seconds: float, function: Callable, *args):
    """``function(*args)``, or ``TimeoutError``: also for calls that know no time-out themselves.

    Looking up an address is one, and headers that come byte by byte are another.
    """
    results: queue.SimpleQueue = queue.SimpleQueue()

    def call() -> None:
        try:
            results.put((function(*args), None))
        except Exception as error:
            results.put((None, error))

    threading.Thread(target=call, daemon=True).start()
    try:
        value, error = results.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None
    if error is not None:
        raise error
    return value


def within_reach(mirrors: tuple[str, ...]) -> tuple[list[str], dict[str, str]]:
    """The mirrors whose address can be looked up, and for the others why not.

    All are looked up at the same time, for ``LOOKUP_LIMIT`` seconds. Behind a proxy, the proxy
    does this.
    """
    if {"http", "https", "all"} & urllib.request.getproxies().keys():
        return list(mirrors), {}
    found = {mirror: queue.SimpleQueue() for mirror in mirrors}

    def look_up(mirror: str) -> None:
        try:
            parts = urlsplit(mirror)
            socket.getaddrinfo(parts.hostname, parts.port or parts.scheme)
            found[mirror].put(True)
        except (OSError, UnicodeError):
            found[mirror].put(False)

    for mirror in mirrors:
        threading.Thread(target=look_up, args=(mirror,), daemon=True).start()
    until = time.monotonic() + LOOKUP_LIMIT
    good = []
    for mirror, result in found.items():
        with suppress(queue.Empty):
            if result.get(timeout=max(0.0, until - time.monotonic())):
                good.append(mirror)
    return good, {m: "its address cannot be found" for m in mirrors if m not in good}


class Progress:
    """A bar over all files together, from the first byte that comes."""

    def __init__(self, title: str, total: int):
        self.title, self.total, self.bar = title, total, None
        self.of_this_try = 0

    def add(self, count: int) -> None:
        """Show ``count`` bytes more."""
        if self.bar is None:
            from tqdm.auto import tqdm  # not before it is needed: it looks for the notebook

            self.bar = tqdm(
                desc=self.title, total=self.total, unit="B", unit_scale=True, leave=False
            )
        self.of_this_try += count
        self.bar.update(count)

    def start_file(self) -> None:
        """From here on, what comes is of one try for one file."""
        self.of_this_try = 0

    def take_back(self) -> None:
        """Forget what a mirror sent in vain."""
        if self.bar is not None:
            self.bar.update(-self.of_this_try)
        self.of_this_try = 0

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_exception) -> None:
        if self.bar is not None:
            self.bar.close()


def reason(error: Exception) -> str:
    """Why, in a few words, from an exception of the system or of the network."""
    inner = getattr(error, "reason", error)
    if isinstance(inner, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted, {_distrust(inner)}"
    if isinstance(inner, OSError) and inner.strerror:
        return inner.strerror.lower()
    return str(inner) or type(inner).__name__


def _distrust(error: ssl.SSLCertVerificationError) -> str:
    """What may be the matter with a certificate, and what helps."""
    said = (error.verify_message or str(error)).strip()
    helps = (
        "a filter of the network, such as a school has, may stand between: try another network, or "
        "ask whoever runs this one"
    )
    if sys.platform == "darwin":
        helps += (
            "; or this Python has no certificates yet: open Install Certificates.command in its "
            "folder in Applications"
        )
    return f"{said} ({helps})"
