"""The log-in of the university (OpenID Connect), played by a small server of this test."""

import asyncio
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from deploy import try_hub
from tests.deploy.conftest import needs_hub
from tests.load.server import class_server

SECRET = "known to the hub and the university"


class University(BaseHTTPRequestHandler):
    """Says of each browser that its cookie ``who`` is true; the code is the name."""

    def do_GET(self):
        address = urlsplit(self.path)
        if address.path == "/authorize":
            asked = {name: values[0] for name, values in parse_qs(address.query).items()}
            name = self.headers["Cookie"].split("who=")[1].split(";")[0]
            back = urlencode({"code": name, "state": asked["state"]})
            self.send_response(302)
            self.send_header("Location", f"{asked['redirect_uri']}?{back}")
            self.end_headers()
        else:
            name = self.headers["Authorization"].split()[1]
            self._answer({"preferred_username": name, "sub": "1"})

    def do_POST(self):
        sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if sent.get("client_secret") == [SECRET]:
            self._answer({"access_token": sent["code"][0], "token_type": "bearer"})
        else:
            self.send_error(401)

    def _answer(self, content: dict) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    def log_message(self, *_args):
        pass


@contextmanager
def university():
    server = ThreadingHTTPServer(("127.0.0.1", 0), University)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_who_is_in_the_class_gets_in_and_nobody_else(tmp_path, monkeypatch):
    needs_hub()
    (tmp_path / "class.txt").write_text("ada\n")
    (port,) = try_hub.free_ports(1)
    monkeypatch.setattr(try_hub, "free_ports", lambda count: [port])
    callback = f"http://127.0.0.1:{port}/hub/oauth_callback"
    with university() as there:
        settings = {
            "OAUTH_CLIENT_ID": "course",
            "OAUTH_CLIENT_SECRET": SECRET,
            "OAUTH_CALLBACK_URL": callback,
            "OAUTH2_AUTHORIZE_URL": f"{there}/authorize",
            "OAUTH2_TOKEN_URL": f"{there}/token",
            "OAUTH2_USERDATA_URL": f"{there}/userinfo",
            "HUB_STUDENTS": str(tmp_path / "class.txt"),
        }
        with class_server(tmp_path, **settings) as server:

            async def arrive(name: str, page: str = "/hub/home") -> httpx.Response:
                options = {"follow_redirects": True, "trust_env": False, "cookies": {"who": name}}
                async with httpx.AsyncClient(base_url=server.address, **options) as browser:
                    return await browser.get(page)

            home = asyncio.run(arrive("ada", "/hub/oauth_login?next=/hub/home"))
            assert (home.status_code, home.url.path) == (200, "/hub/home")
            assert asyncio.run(arrive("lecturer", "/hub/oauth_login?next=/hub/admin")).is_success
            assert asyncio.run(arrive("eve", "/hub/oauth_login")).status_code == 403
            forged = f"/hub/oauth_callback?{urlencode({'code': 'ada', 'state': 'made up'})}"
            assert asyncio.run(arrive("ada", forged)).status_code in (400, 403)
            assert asyncio.run(arrive("ada", "/hub/signup")).status_code == 404  # no own passwords
