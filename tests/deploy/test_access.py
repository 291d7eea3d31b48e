"""Who gets in where: passwords, cookies, and the server of somebody else."""

import http.client
import stat
from contextlib import suppress

import httpx
import psutil
import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from tests.load.memory import Memory, command_line
from tests.load.students import Failed, Student

SECRET = "my-own-notes.txt"
COURSE = "https://github.com/OWNER/cnn-course"  # what the link fetches where nothing else is set


@pytest.fixture(scope="module")
def secret(ada, run) -> str:
    """A file that only Ada may read."""
    text = {"type": "file", "format": "text", "content": "what Ada thinks"}
    run(ada.api("PUT", f"contents/{SECRET}", json=text))
    assert "what Ada thinks" in run(ada.api("GET", f"contents/{SECRET}")).text
    return SECRET


def stranger(server, **cookies: str) -> httpx.Client:
    """A browser that nobody logged in with, and these cookies."""
    return httpx.Client(base_url=server.address, cookies=cookies, trust_env=False, timeout=60)


def sent_to_log_in(answer: httpx.Response) -> bool:
    """Is the answer a page to log in, and nothing else?"""
    return answer.status_code == 302 and "/hub/login" in answer.headers["location"]


# --- passwords -----------------------------------------------------------------------------------


def test_a_wrong_password_is_refused(server, ada, run):
    guesser = Student(server.address, "ada", "a good guess, but wrong")
    with pytest.raises(Failed, match="refused"):
        run(guesser.log_in())
    assert sent_to_log_in(stranger(server, **dict(guesser.browser.cookies)).get("/hub/home"))
    run(guesser.close())


def test_who_signs_up_waits_for_admission(server, lecturer, run):
    newcomer = Student(server.address, "carl", "long enough for carl")
    assert "sent to the admin" in run(newcomer.sign_up())
    with pytest.raises(Failed, match="refused"):
        run(newcomer.log_in())
    run(lecturer.let_in("carl"))
    assert run(newcomer.log_in()).url.path == "/hub/home"
    run(newcomer.close())


def test_a_student_lets_nobody_in(server, bob, run):
    friend = Student(server.address, "dora", "long enough for dora")
    run(friend.sign_up())
    with pytest.raises(Failed, match="may not let dora in: 403"):
        run(bob.let_in("dora"))
    with pytest.raises(Failed, match="refused"):
        run(friend.log_in())
    run(friend.close())


@pytest.mark.parametrize(
    ("name", "password"),
    [("eric", "short"), ("eric", "1234567890"), ("../ada", "long enough"), ("..", "long enough")],
)
def test_weak_passwords_and_names_that_lead_elsewhere_are_refused(server, name, password, run):
    person = Student(server.address, name, password)
    assert "at least 10 characters" in run(person.sign_up())
    run(person.close())


def test_the_name_of_the_lecturer_is_taken(server, lecturer, run):
    other = Student(server.address, lecturer.name, "long enough for a thief")
    assert "already in use" in run(other.sign_up())
    run(other.close())


def test_after_five_wrong_passwords_the_right_one_must_wait(server, lecturer, run):
    person = Student(server.address, "fred", "long enough for fred")
    run(person.sign_up())
    run(lecturer.let_in("fred"))
    guesser = Student(server.address, "fred", "wrong")
    for _ in range(5):
        with pytest.raises(Failed, match="refused"):
            run(guesser.log_in())
    with pytest.raises(Failed, match="refused"):
        run(person.log_in())
    for browser in (person, guesser):
        run(browser.close())


# --- cookies -------------------------------------------------------------------------------------


def login_cookie(student: Student, name: str) -> str:
    return next(c.value for c in student.browser.cookies.jar if c.name == name)


def test_the_cookie_of_the_hub_lets_its_owner_in_and_no_forgery(server, ada):
    name = "jupyterhub-hub-login"
    real = login_cookie(ada, name)
    assert stranger(server, **{name: real}).get("/hub/home").status_code == 200
    half = len(real) // 2
    changed = real[:half] + ("A" if real[half] != "A" else "B") + real[half + 1 :]
    made_up = "2|1:0|10:1800000000|20:jupyterhub-hub-login|4:YWRh|" + "0" * 64
    for forged in (changed, made_up, real[:-1], "ada", ""):
        assert sent_to_log_in(stranger(server, **{name: forged}).get("/hub/home")), forged


def test_behind_caddy_the_cookies_are_for_https_only(server, ada, run):
    by_https = Student(server.address, ada.name, ada.password)
    by_https.browser.headers["X-Forwarded-Proto"] = "https"  # what Caddy adds
    by_https.browser.follow_redirects = False
    page = run(by_https.browser.get("/hub/login"))
    token = {"_xsrf": by_https.token("/hub/")}
    fields = {"username": ada.name, "password": ada.password, **token}
    done = run(by_https.browser.post("/hub/login", data=fields))
    cookies = [c for c in done.headers.get_list("set-cookie") if "hub-login" in c]
    assert page.status_code == 200
    assert done.status_code == 302
    assert cookies
    assert all("Secure" in cookie and "HttpOnly" in cookie for cookie in cookies)
    run(by_https.close())


def test_the_cookie_of_a_server_is_of_no_use_at_another(server, ada, bob, secret):
    own = login_cookie(bob, "jupyterhub-user-bob")
    path = f"/api/contents/{secret}"
    with_own = stranger(server, **{"jupyterhub-user-bob": own})
    assert with_own.get(f"{bob.home}/api/contents").status_code == 200
    renamed = stranger(server, **{"jupyterhub-user-ada": own})
    assert renamed.get(f"{ada.home}{path}").status_code == 403


def test_nothing_can_be_changed_without_the_xsrf_token(server, ada, run, secret):
    fields = {"username": ada.name, "password": ada.password}
    assert stranger(server).post("/hub/login", data=fields).status_code == 403
    text = {"type": "file", "format": "text", "content": "overwritten"}
    path = f"{ada.home}/api/contents/{secret}"
    assert run(ada.browser.put(path, json=text)).status_code == 403
    stop = f"/hub/api/users/{ada.name}/server"
    assert run(ada.browser.delete(stop)).status_code == 403
    assert "what Ada thinks" in run(ada.api("GET", f"contents/{secret}")).text


# --- the server of somebody else ----------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/lab", "/api/contents", "/files/" + SECRET, "/git-pull?repo=" + COURSE]
)
def test_no_page_of_another_server(bob, ada, secret, path, run):
    assert run(bob.browser.get(bob.home + path)).status_code in (200, 404)  # one's own answers
    answer = run(bob.browser.get(ada.home + path))
    assert answer.status_code == 403
    assert "what Ada thinks" not in answer.text


def test_no_token_for_another_server(server, bob, ada, secret, run):
    run(bob.browser.get("/hub/token"))
    headers = {"X-XSRFToken": bob.token("/hub/")}
    made = run(bob.browser.post("/hub/api/users/bob/tokens", headers=headers, json={})).json()
    with_token = stranger(server)
    with_token.headers["Authorization"] = f"token {made['token']}"
    assert with_token.get(f"{bob.home}/api/contents").status_code == 200
    assert with_token.get(f"{ada.home}/api/contents/{secret}").status_code == 403
    assert with_token.get("/hub/api/users/ada").status_code == 404
    assert with_token.delete("/hub/api/users/ada/server").status_code in (403, 404)
    assert with_token.post("/hub/api/users/ada/tokens", json={}).status_code in (403, 404)
    assert run(ada.api("GET", "status")).status_code == 200  # it still runs


def test_no_kernel_of_another_server(server, bob, ada, run):
    async def connect(student: Student, kernel: str):
        url = f"{server.address}{ada.home}/api/kernels/{kernel}/channels"
        cookies = student.browser.build_request("GET", f"{student.home}/").headers["cookie"]
        request = HTTPRequest(url.replace("http", "ws", 1), headers={"Cookie": cookies})
        return await websocket_connect(request)

    async def both():
        kernel = (await ada.api("POST", "kernels", json={"name": "python3"})).json()["id"]
        (await connect(ada, kernel)).close()
        with pytest.raises(HTTPClientError, match="403"):
            await connect(bob, kernel)
        await ada.api("DELETE", f"kernels/{kernel}")

    run(both())


@pytest.mark.parametrize("up", ["..", "%2E%2E", "..%2F..%2Fstudents", "..%5C"])
def test_no_way_out_of_ones_own_folder(server, bob, secret, up):
    cookie = login_cookie(bob, "jupyterhub-user-bob")
    for place in ("files", "api/contents", "static"):
        path = f"{bob.home}/{place}/{up}/ada/{secret}"
        connection = http.client.HTTPConnection(server.address.removeprefix("http://"), timeout=60)
        connection.request("GET", path, headers={"Cookie": f"jupyterhub-user-bob={cookie}"})
        answer = connection.getresponse()  # http.client sends the path as it is
        assert answer.status in (400, 403, 404), (path, answer.status)
        assert b"what Ada thinks" not in answer.read()
        connection.close()


def test_without_a_log_in_there_is_nothing(server, ada, secret):
    for path in ("/api/contents", f"/files/{secret}", "/api/kernels"):
        answer = stranger(server).get(f"{ada.home}{path}")
        assert answer.status_code in (302, 403)
        assert secret not in answer.text


def test_the_lecturer_is_no_reader_of_servers_either(lecturer, ada, run):
    assert run(lecturer.browser.get("/hub/admin")).status_code == 200
    assert run(lecturer.browser.get(f"{ada.home}/api/contents")).status_code == 403


# --- what is open to the machine and its other accounts ------------------------------------------


def listening(server) -> dict[int, psutil.Process]:
    """The ports at which something of the class server listens."""
    ports = {}
    for process in server.processes():
        connections = []
        with suppress(psutil.Error):  # it has just ended
            connections = process.net_connections("inet")
        for connection in connections:
            if connection.status == psutil.CONN_LISTEN:
                assert connection.laddr.ip in ("127.0.0.1", "::1"), (process, connection)
                ports[connection.laddr.port] = process
    return ports


def test_everything_listens_at_the_loopback_address_only(server, ada):
    assert len(listening(server)) >= 5  # proxy twice, hub, two servers


def test_a_server_that_is_reached_past_the_proxy_refuses_too(server, ada, secret):
    ports = [
        port
        for port, process in listening(server).items()
        if Memory.owner(process) == "ada" and "jupyterhub.singleuser" in command_line(process)
    ]
    assert ports
    for port in ports:
        answer = httpx.get(f"http://127.0.0.1:{port}{ada.home}/api/contents/{secret}", timeout=60)
        assert answer.status_code == 403


def test_other_accounts_of_the_machine_cannot_read_its_secrets(server, ada):
    assert stat.S_IMODE(server.state.stat().st_mode) == 0o700
    assert stat.S_IMODE((server.state / "cookie_secret").stat().st_mode) == 0o600


# --- the link ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        {"targetpath": ".ipython/profile_default/startup"},
        {"targetPath": ".jupyter"},
        {"targetpath": ["cnn-course", ".ipython"]},
        {"targetpath": "../elsewhere"},
        {"repo": "https://example.org/cnn-course"},
        {"repo": [COURSE, "https://example.org/cnn-course"]},
        {"repo": COURSE + "/"},
        {"branch": "--upload-pack=touch"},
    ],
)
def test_a_link_fetches_the_course_and_nothing_else(server, ada, run, changed):
    query = {"repo": COURSE, "branch": "main"} | changed
    for place in ("git-pull", "git-sync"):
        answer = run(ada.browser.get(f"{ada.home}/{place}", params=query))
        assert answer.status_code == 403
    token = ada.token(f"{ada.home}/")
    api = run(ada.browser.get(f"{ada.home}/git-pull/api", params=query | {"_xsrf": token}))
    assert api.status_code == 403
    assert not (server.state / "students/ada/.ipython/profile_default/startup/.git").exists()


def test_the_link_of_the_course_is_followed(ada, run):
    query = {"repo": COURSE, "branch": "main", "targetpath": "cnn-course"}
    assert run(ada.browser.get(f"{ada.home}/git-pull", params=query)).status_code == 200
