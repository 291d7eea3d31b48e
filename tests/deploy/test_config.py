"""The settings of the class servers: known to JupyterHub, the same everywhere, and safe."""

import asyncio
import re
from pathlib import Path
from unittest.mock import MagicMock

import jsonschema
import pytest
import yaml
from tornado.web import HTTPError
from traitlets.config import Config

from tests.load.server import ROOT

pytest.importorskip("jupyterhub", reason="JupyterHub is not installed (the extra hub)")

from docker.types import HostConfig
from dockerspawner import DockerSpawner
from jupyterhub.app import JupyterHub
from jupyterhub.auth import Authenticator
from jupyterhub.proxy import ConfigurableHTTPProxy
from jupyterhub.spawner import SimpleLocalProcessSpawner, Spawner
from nativeauthenticator import NativeAuthenticator
from oauthenticator.generic import GenericOAuthenticator

DEPLOY = ROOT / "deploy"
CONFIGS = ("jupyterhub_config", "try_config")
CLASSES = [JupyterHub, Authenticator, Spawner, ConfigurableHTTPProxy, NativeAuthenticator]
CLASSES += [GenericOAuthenticator, DockerSpawner, SimpleLocalProcessSpawner]
KNOWN = {known.__name__: known for known in CLASSES}
UNIVERSITY = {"OAUTH_CLIENT_ID": "course", "OAUTH_CLIENT_SECRET": "from the environment"}


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    """What ``make hub`` sets, and nothing else that the configs read."""
    for name in (
        "HUB_TLS_CERT",
        "HUB_TLS_KEY",
        "HUB_ADMINS",
        "OAUTH_CLIENT_ID",
        "HUB_STUDENTS",
        "HUB_SEATS",
    ):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "HUB_STATE": str(tmp_path),
        "HUB_PORT": "8000",
        "HUB_OWN_PORT": "8001",
        "HUB_PROXY_PORT": "8002",
        "HUB_PROXY": "configurable-http-proxy",
    }.items():
        monkeypatch.setenv(name, value)


def loaded(name: str) -> Config:
    """The settings, as JupyterHub itself reads them."""
    app = JupyterHub()
    app.load_config_file(str(DEPLOY / f"{name}.py"))
    assert app.config, f"{name} was not read"
    return app.config


def values() -> dict:
    return yaml.safe_load((DEPLOY / "values.yaml").read_text(encoding="utf-8"))


def unknown(config: dict) -> list[str]:
    """The settings that no class has."""
    return [
        f"{section}.{name}"
        for section, settings in config.items()
        for name in settings
        if section not in KNOWN or name not in KNOWN[section].class_traits(config=True)
    ]


# --- are they settings at all? ------------------------------------------------------------------


@pytest.mark.parametrize("name", CONFIGS)
def test_jupyterhub_knows_every_setting(name):
    config = loaded(name)
    assert unknown(config) == []
    for section, settings in config.items():
        known = KNOWN[section]
        for setting, value in settings.items():
            known.class_traits(config=True)[setting]._validate(known.__new__(known), value)


def test_a_misspelt_setting_would_be_noticed():
    assert unknown({"Spawner": {"mem_limits": "2G"}}) == ["Spawner.mem_limits"]


def test_the_values_have_keys_of_the_chart_only():
    schema = yaml.safe_load((Path(__file__).parent / "chart.yaml").read_text(encoding="utf-8"))
    jsonschema.validate(values(), schema)
    assert unknown(values()["hub"]["config"]) == []
    spoilt = values()
    spoilt["singleuser"]["memory"]["limits"] = "2G"
    with pytest.raises(jsonschema.ValidationError, match="limits"):
        jsonschema.validate(spoilt, schema)


# --- the same for one host and for a cluster -----------------------------------------------------


def test_one_host_and_cluster_grant_the_same():
    one_host, cluster = loaded("jupyterhub_config"), values()
    spawner, single = one_host.Spawner, cluster["singleuser"]
    assert single["memory"] == {"limit": spawner.mem_limit, "guarantee": spawner.mem_guarantee}
    assert single["cpu"] == {"limit": spawner.cpu_limit, "guarantee": spawner.cpu_guarantee}
    assert single["extraEnv"] == spawner.environment
    assert single["startTimeout"] == spawner.start_timeout
    assert single["defaultUrl"] == spawner.default_url
    assert single["cmd"][:2] == [*one_host.DockerSpawner.cmd, *spawner.args]
    assert single["cmd"][2].endswith(f"={one_host.DockerSpawner.notebook_dir}")
    assert [single["storage"]["homeMountPath"]] == list(one_host.DockerSpawner.volumes.values())
    culler = " ".join(one_host.JupyterHub.services[0]["command"])
    for name, value in {"timeout": "timeout", "cull-every": "every", "max-age": "maxAge"}.items():
        assert f"--{name}={cluster['cull'][value]}" in culler
    assert cluster["cull"]["enabled"]


def test_threads_and_uploads_follow_the_limits():
    spawner = loaded("jupyterhub_config").Spawner
    assert spawner.environment["OMP_NUM_THREADS"] == str(spawner.cpu_limit)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    uploads = re.search(r"^UPLOADS = (.*)$", makefile, re.M)[1]
    assert spawner.args == [f"--ServerApp.tornado_settings={uploads}"]


def test_docker_is_told_the_limits():
    config = loaded("jupyterhub_config")
    spawner = DockerSpawner(config=config, user=MagicMock(), hub=MagicMock())
    assert int(spawner.mem_limit) == 4 * 1024**3
    assert spawner.cpu_limit == 2
    host = config.DockerSpawner.extra_host_config
    told = HostConfig(version="1.44", mem_limit=spawner.mem_limit, **host)  # unknown: TypeError
    assert told["Memory"] == told["MemorySwap"] == 4 * 1024**3  # no swap on top
    assert told["MemoryReservation"] == 800 * 1024**2
    assert told["CapDrop"] == ["ALL"]


@pytest.mark.parametrize("gigabytes, seats", [(24, 28), (8, 7), (2, 1)])
def test_no_more_servers_than_fit_into_the_memory(gigabytes, seats, monkeypatch):
    pages = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": gigabytes * 1024**3 // 4096}
    monkeypatch.setattr("os.sysconf", pages.get)
    assert loaded("jupyterhub_config").JupyterHub.active_server_limit == seats


# --- who gets in ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CONFIGS)
def test_by_default_each_has_a_password_and_an_admin_decides(name):
    config = loaded(name)
    assert issubclass(config.JupyterHub.authenticator_class, NativeAuthenticator)
    assert config.NativeAuthenticator.open_signup is False
    assert config.NativeAuthenticator.minimum_password_length >= 10
    assert 0 < config.NativeAuthenticator.allowed_failed_logins <= 10
    assert config.Authenticator.admin_users == {"lecturer"}


@pytest.mark.parametrize("name", CONFIGS)
def test_with_the_log_in_of_the_university_the_class_gets_in_and_nobody_else(
    name, monkeypatch, tmp_path
):
    (tmp_path / "class.txt").write_text("ada\nbob@example.org\n")
    monkeypatch.setenv("HUB_STUDENTS", str(tmp_path / "class.txt"))
    for variable, value in UNIVERSITY.items():
        monkeypatch.setenv(variable, value)
    config = loaded(name)
    assert config.JupyterHub.authenticator_class == "generic-oauth"
    university = GenericOAuthenticator(config=config)
    assert university.client_secret == "from the environment"
    for person, let_in in {"ada": 1, "bob@example.org": 1, "lecturer": 1, "eve": 0}.items():
        model = {"name": person, "admin": None, "auth_state": {}}
        allowed = asyncio.run(university.check_allowed(person, model))
        admin = person in university.admin_users
        assert bool(allowed or admin) == bool(let_in), person
    monkeypatch.delenv("HUB_STUDENTS")
    with pytest.raises((KeyError, SystemExit)):  # without the list, nobody gets in by mistake
        loaded(name)


def test_on_the_cluster_only_who_is_named_gets_in():
    config = Config(values()["hub"]["config"])
    university = GenericOAuthenticator(config=config)
    assert asyncio.run(university.check_allowed("eve", {"name": "eve", "admin": None})) is False
    assert university.allow_all is False


def test_there_is_no_secret_in_any_file():
    words = re.compile(r"(secret|password|token|key)$", re.I)

    def secrets(tree, path=""):
        if isinstance(tree, dict):
            for name, value in tree.items():
                if words.search(str(name)) and isinstance(value, str):
                    yield f"{path}.{name}"
                yield from secrets(value, f"{path}.{name}")

    assert list(secrets({"hub": {"client_secret": "x"}})) == [".hub.client_secret"]
    trees = [values(), *(loaded(name) for name in CONFIGS)]
    assert [found for tree in trees for found in secrets(tree)] == []


# --- HTTPS ---------------------------------------------------------------------------------------


def test_without_certificates_the_hub_is_behind_caddy(monkeypatch):
    config = loaded("jupyterhub_config")
    address = config.JupyterHub.bind_url.removeprefix("http://")
    assert address.startswith("127.0.0.1:")
    caddy = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
    assert f"reverse_proxy {address}" in caddy
    assert config.ConfigurableHTTPProxy.command[1:] == ["--no-x-forward"]  # see test_access.py
    assert re.search(r"^hub\.example\.org \{$", caddy, re.M)  # a bare name: Caddy makes it https
    monkeypatch.setenv("HUB_TLS_CERT", "/certificate.pem")  # without its key
    assert loaded("jupyterhub_config").JupyterHub.bind_url == config.JupyterHub.bind_url


def test_with_certificates_the_hub_speaks_https_itself(monkeypatch):
    monkeypatch.setenv("HUB_TLS_CERT", "/certificate.pem")
    monkeypatch.setenv("HUB_TLS_KEY", "/key.pem")
    config = loaded("jupyterhub_config")
    assert config.JupyterHub.bind_url == "https://:443"
    assert (config.JupyterHub.ssl_cert, config.JupyterHub.ssl_key) == (
        "/certificate.pem",
        "/key.pem",
    )


def test_the_cluster_speaks_https():
    https = values()["proxy"]["https"]
    assert (https["enabled"], https["type"]) == (True, "letsencrypt")
    university = values()["hub"]["config"]["GenericOAuthenticator"]
    addresses = [value for name, value in university.items() if name.endswith("_url")]
    assert len(addresses) == 4
    assert all(address.startswith("https://") for address in addresses)
    assert university["oauth_callback_url"].startswith(f"https://{https['hosts'][0]}/")


@pytest.mark.parametrize("caddy", [True, False])
def test_who_came_by_https_once_does_so_from_then_on(caddy, monkeypatch):
    told = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
    if not caddy:
        monkeypatch.setenv("HUB_TLS_CERT", "/certificate.pem")
        monkeypatch.setenv("HUB_TLS_KEY", "/key.pem")
        told = str(loaded("jupyterhub_config").JupyterHub.tornado_settings["headers"])
    assert int(re.search(r"Strict-Transport-Security\W+max-age=(\d+)", told)[1]) >= 180 * 86400


# --- signing up ----------------------------------------------------------------------------------


@pytest.fixture
def signing_up():
    """The authenticator of the class server, with an empty book."""
    from jupyterhub import orm

    config = loaded("try_config")
    session = orm.new_session_factory("sqlite:///:memory:")()
    return config.JupyterHub.authenticator_class(config=config, db=session)


GOOD = "a whole sentence of my own"


def test_a_password_that_is_the_name_is_refused(signing_up):
    for name, password in {
        "ada.lovelace": "ada.lovelace",
        "lovelace-ada": "LovelaceAda1815",
        "grace.hopper@example.org": "grace.hopper",
    }.items():
        with pytest.raises(HTTPError, match="is your name"):
            signing_up.create_user(name, password)
        assert signing_up.create_user(name, GOOD)
        with pytest.raises(HTTPError, match="is your name"):
            signing_up.change_password(name, password)
    assert signing_up.create_user("ada", "ada likes pictures")
    assert signing_up.change_password("ada", GOOD)


def test_only_so_many_wait_to_be_let_in(signing_up, monkeypatch):
    monkeypatch.setenv("HUB_WAITING", "2")
    assert signing_up.create_user("ada", GOOD)
    assert signing_up.create_user("bob", GOOD)
    with pytest.raises(HTTPError, match="Too many"):
        signing_up.create_user("eve", GOOD)
    assert signing_up.create_user("lecturer", GOOD)  # is never kept out by others
    signing_up.get_user("ada").is_authorized = True
    assert signing_up.create_user("eve", GOOD)


def test_with_a_list_of_the_class_only_they_sign_up(signing_up, monkeypatch, tmp_path):
    (tmp_path / "class.txt").write_text("ada\nbob\n")
    monkeypatch.setenv("HUB_STUDENTS", str(tmp_path / "class.txt"))
    assert signing_up.create_user("ada", GOOD)
    with pytest.raises(HTTPError, match="not in the list"):
        signing_up.create_user("eve", GOOD)
