"""One simulated student: what a browser sends for a person who works through a notebook."""

import asyncio
import json
import re
import time
import uuid
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

PATIENCE = 300  # seconds for one step, on a machine with too many students


class Failed(Exception):
    """Something that a student would see as broken."""


@dataclass
class Times:
    """Seconds that a student waited, by what for; ``cells`` by cell."""

    start: float = 0.0
    pull: float = 0.0
    kernel: float = 0.0
    cells: list[float] = field(default_factory=list)


class Student:
    """A person with a name, a password and a browser of their own."""

    def __init__(self, address: str, name: str, password: str):
        self.address, self.name, self.password = address, name, password
        self.times = Times()
        self.browser = httpx.AsyncClient(
            base_url=address, follow_redirects=True, timeout=PATIENCE, trust_env=False
        )

    @property
    def home(self) -> str:
        """The path of this student's own server."""
        return f"/user/{self.name}"

    async def close(self) -> None:
        """Close the browser."""
        await self.browser.aclose()

    # --- the hub -----------------------------------------------------------------------------

    async def _form(self, page: str, **fields: str) -> httpx.Response:
        """Open ``page``, fill in its form and send it."""
        shown = await self.browser.get(page)
        token = re.search(r'name="_xsrf"\s+value="([^"]+)"', shown.text)
        if token is None:
            raise Failed(f"{page} has no form: {shown.status_code}")
        return await self.browser.post(page, data={"_xsrf": token[1], **fields})

    async def sign_up(self) -> str:
        """Ask for an account; returns what the page says."""
        done = await self._form(
            "/hub/signup",
            username=self.name,
            signup_password=self.password,
            signup_password_confirmation=self.password,
        )
        said = re.search(r'class="alert[^"]*"[^>]*>(.*?)</div>', done.text, re.S)
        return " ".join(re.sub(r"<[^>]+>", " ", said[1]).split()) if said else ""

    async def let_in(self, name: str) -> None:
        """As an admin: accept the account of ``name``."""
        done = await self.browser.get(f"/hub/authorize/{name}")
        if done.status_code != 200:
            raise Failed(f"{self.name} may not let {name} in: {done.status_code}")

    async def log_in(self, then: str = "/hub/home") -> httpx.Response:
        """Log in; ``then`` is the page to go to. Raises ``Failed`` when refused."""
        page = f"/hub/login?{urlencode({'next': then})}"
        done = await self._form(page, username=self.name, password=self.password)
        if done.status_code != 200 or "/hub/login" in done.url.path:
            raise Failed(f"the log-in of {self.name} was refused ({done.status_code})")
        return done

    def token(self, path: str) -> str:
        """The XSRF token that belongs to ``path``: without it nothing can be changed."""
        return next(
            (c.value for c in self.browser.cookies.jar if (c.name, c.path) == ("_xsrf", path)), ""
        )

    async def start_server(self) -> None:
        """Start the server, if need be, and wait until it answers."""
        await self.browser.get(f"/hub/spawn/{self.name}")
        progress = f"/hub/api/users/{self.name}/server/progress"
        headers = {"X-XSRFToken": self.token("/hub/")}
        async with self.browser.stream("GET", progress, headers=headers) as events:
            async for line in events.aiter_lines():
                event = json.loads(line[5:]) if line.startswith("data:") else {}
                if event.get("failed"):
                    raise Failed(f"the server of {self.name} did not start: {event.get('message')}")
                if event.get("ready"):
                    break
        page = await self.browser.get(f"{self.home}/lab")
        if page.status_code != 200 or not page.url.path.startswith(self.home):
            raise Failed(f"the server of {self.name} answers {page.status_code} at {page.url}")

    async def stop_server(self) -> None:
        """Stop the server, and wait until the hub says so."""
        path = f"/hub/api/users/{self.name}"
        await self.browser.get("/hub/home")
        headers = {"X-XSRFToken": self.token("/hub/")}
        done = await self.browser.delete(f"{path}/server", headers=headers)
        until = time.monotonic() + PATIENCE
        while done.status_code == 202 and time.monotonic() < until:
            await asyncio.sleep(0.3)
            if not (await self.browser.get(path, headers=headers)).json()["servers"]:
                return
        if done.status_code != 204:
            raise Failed(f"the server of {self.name} does not stop: {done.status_code}")

    # --- the student's server -------------------------------------------------------------------

    async def api(self, method: str, path: str, **options) -> httpx.Response:
        """A request to the student's own server. Raises ``Failed`` when it is refused."""
        headers = {"X-XSRFToken": self.token(f"{self.home}/")}
        answer = await self.browser.request(
            method, f"{self.home}/api/{path}", headers=headers, **options
        )
        if answer.is_error:
            raise Failed(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
        return answer

    async def pull(self, link: str) -> list[str]:
        """Follow an nbgitpuller link; returns what it printed. Raises ``Failed`` on an error."""
        page = await self.browser.get(link)
        if page.url.path != f"{self.home}/git-pull":
            raise Failed(f"the link leads {self.name} to {page.url}")
        asked = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
        query = {
            "repo": asked["repo"],
            "branch": asked["branch"],
            "_xsrf": self.token(f"{self.home}/"),
        }
        query["targetpath"] = asked["repo"].rstrip("/").split("/")[-1]  # as the page does
        lines = []
        async with self.browser.stream("GET", f"{self.home}/git-pull/api", params=query) as events:
            async for line in events.aiter_lines():
                event = json.loads(line[5:]) if line.startswith("data:") else {}
                lines.append(event.get("output", ""))
                if event.get("phase") == "error":
                    raise Failed(f"the link failed: {event.get('message')}\n{''.join(lines)}")
                if event.get("phase") == "finished":
                    return lines
        raise Failed(f"the link ended without a word: {page.status_code}")

    async def read_notebook(self, path: str) -> dict:
        """The notebook as this student has it."""
        return (await self.api("GET", f"contents/{path}")).json()["content"]

    async def save_notebook(self, path: str, content: dict) -> None:
        """Save the notebook, as JupyterLab does after a while."""
        await self.api("PUT", f"contents/{path}", json={"type": "notebook", "content": content})

    @asynccontextmanager
    async def kernel(self, path: str):
        """A kernel for the notebook at ``path``; ended afterwards."""
        kind = {"name": "python3"}
        asked = {"path": path, "name": path, "type": "notebook", "kernel": kind}
        session = (await self.api("POST", "sessions", json=asked)).json()
        channel = f"{self.home}/api/kernels/{session['kernel']['id']}/channels"
        request = self.browser.build_request("GET", channel)
        connection = await websocket_connect(
            HTTPRequest(
                str(request.url).replace("http", "ws", 1),
                headers={"Cookie": request.headers.get("cookie", "")},
                request_timeout=PATIENCE,
            ),
            max_message_size=100_000_000,
        )
        try:
            yield Kernel(connection)
        finally:
            connection.close()
            await self.api("DELETE", f"sessions/{session['id']}")


class Kernel:
    """A connection to a kernel, as JupyterLab has one."""

    def __init__(self, connection):
        self.connection = connection
        self.session = uuid.uuid4().hex

    async def _ask(self, kind: str, content: dict) -> dict:
        """Send a request; returns its reply when the kernel is idle again."""
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": kind,
            "session": self.session,
            "username": "student",
            "version": "5.3",
        }
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
        await self.connection.write_message(json.dumps(message | {"channel": "shell"}))
        reply, idle = None, False
        while reply is None or not idle:
            text = await asyncio.wait_for(self.connection.read_message(), PATIENCE)
            if text is None:
                raise Failed("the connection to the kernel was lost")
            answer = json.loads(text) if isinstance(text, str) else {}
            if answer.get("parent_header", {}).get("msg_id") != header["msg_id"]:
                continue
            if answer["msg_type"] == "status":
                idle = answer["content"]["execution_state"] == "idle"
            elif answer["msg_type"] == kind.replace("request", "reply"):
                reply = answer["content"]
        return reply

    async def ready(self) -> None:
        """Wait for the first sign of life."""
        await self._ask("kernel_info_request", {})

    async def run(self, code: str) -> None:
        """Run a cell. Raises ``Failed`` with the error that the student would see."""
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        reply = await self._ask("execute_request", content | {"user_expressions": {}})
        if reply["status"] != "ok":
            raise Failed(f"{reply.get('ename')}: {reply.get('evalue')} in\n{code}")
