"""A mirror on the loopback address that sends files well, badly, or not at all."""

import threading
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LONGEST = 20.0  # seconds after which whatever hangs lets go


class Mirror:
    """``files`` by name; ``fault`` says how they are sent; ``asked`` is what was asked for."""

    def __init__(self, files: dict[str, bytes], fault: str = "none"):
        self.files, self.fault, self.asked = files, fault, []
        self.closing = threading.Event()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        name = request.path.rsplit("/", 1)[-1]
        self.asked.append(name)
        data = self.files.get(name)
        if self.fault == "404" or data is None:
            request.send_error(404)
        elif self.fault == "never answers":
            self.closing.wait(LONGEST)
        elif self.fault == "headers byte by byte":
            self._drip(request, b"HTTP/1.0 200 OK\r\nX-Filler: " + b"x" * 1000)
        elif self.fault == "web page":
            self._send(request, b"<html>Please sign in</html>", kind="text/html; charset=utf-8")
        elif self.fault == "half, length of all":
            self._send(request, data[: len(data) // 2], length=len(data))
        elif self.fault == "half, length of half":
            self._send(request, data[: len(data) // 2])
        elif self.fault == "half, no length":
            self._send(request, data[: len(data) // 2], length=None)
        elif self.fault == "half, then silence":
            self._send(request, data[: len(data) // 2], length=len(data))
            self.closing.wait(LONGEST)
        elif self.fault == "wrong sum":
            self._send(request, data[:-1] + bytes([data[-1] ^ 1]))
        elif self.fault == "longer":
            self._send(request, data + b"more", length=None)
        elif self.fault == "byte by byte":
            self._send(request, b"", length=len(data))
            self._drip(request, data)
        else:
            self._send(request, data)

    def _send(self, request, data: bytes, kind="application/x-gzip", length: int | None = -1):
        request.send_response(200)
        request.send_header("Content-Type", kind)
        if length is not None:
            request.send_header("Content-Length", str(len(data) if length < 0 else length))
        request.end_headers()
        request.wfile.write(data)
        request.wfile.flush()

    def _drip(self, request, data: bytes) -> None:
        until = time.monotonic() + LONGEST
        for i in range(len(data)):
            request.wfile.write(data[i : i + 1])
            request.wfile.flush()
            if self.closing.wait(0.1) or time.monotonic() > until:
                return


@contextmanager
def serving(files: dict[str, bytes], fault: str = "none"):
    """A running ``Mirror``; its ``address`` ends with a slash."""
    mirror = Mirror(files, fault)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            with suppress(OSError):  # the other side has given up
                mirror.answer(self)

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    mirror.address = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield mirror
    finally:
        mirror.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
