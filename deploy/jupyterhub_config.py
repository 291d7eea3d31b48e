"""A class server on one host: a container for each student, from the image of the course.

The steps are in README.md beside this file. HTTPS comes from Caddy in front (see Caddyfile), so the
hub itself listens at the loopback address; or from certificate files of your own.
"""

import os
from pathlib import Path

c = get_config()
here = Path(__file__).resolve().parent
load_subconfig(str(here / "common_config.py"))

# --- the address ---------------------------------------------------------------------------------

proxy = [str(here.parent / "build/proxy/node_modules/.bin/configurable-http-proxy")]
certificate, key = os.environ.get("HUB_TLS_CERT"), os.environ.get("HUB_TLS_KEY")
if certificate and key:
    c.JupyterHub.bind_url = "https://:443"
    c.JupyterHub.ssl_cert, c.JupyterHub.ssl_key = certificate, key
    hsts = {"Strict-Transport-Security": "max-age=31536000"}  # as in the Caddyfile
    c.JupyterHub.tornado_settings = {"headers": hsts}
else:
    # Only Caddy on this host reaches it: passwords never travel in the clear.
    c.JupyterHub.bind_url = "http://127.0.0.1:8000"
    # What Caddy says of a request stays as it is: it came by https, so its cookies are for https.
    proxy.append("--no-x-forward")
c.ConfigurableHTTPProxy.command = proxy

# The hub may be started anew, after a change of this file, while students work.
c.JupyterHub.cleanup_servers = False
c.JupyterHub.cleanup_proxy = True

# --- where the hub keeps its own things ---------------------------------------------------------

state = Path(os.environ.get("HUB_STATE", "/var/lib/cnn-course-hub"))
c.JupyterHub.db_url = f"sqlite:///{state / 'hub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(state / "cookie_secret")
c.ConfigurableHTTPProxy.pid_file = str(state / "proxy.pid")

# --- a container for each student ---------------------------------------------------------------

c.JupyterHub.spawner_class = "docker"
c.DockerSpawner.image = os.environ.get("HUB_IMAGE", "cnn-course:latest")
c.DockerSpawner.cmd = ["jupyterhub-singleuser"]  # after the image's own start, .binder/start
c.DockerSpawner.remove = True  # of a stopped server, only the home stays
c.DockerSpawner.volumes = {"cnn-course-{username}": "/home/jovyan"}
c.DockerSpawner.notebook_dir = "/home/jovyan"

# The network of the containers, made once (see README.md): they reach the hub, not each other.
c.DockerSpawner.network_name = "cnn-course"
gateway = os.environ.get("HUB_GATEWAY", "172.30.0.1")
c.JupyterHub.hub_bind_url = f"http://{gateway}:8081"

c.DockerSpawner.extra_host_config = {
    "mem_reservation": c.Spawner.mem_guarantee,
    "memswap_limit": c.Spawner.mem_limit,  # no swap on top of the limit
    "pids_limit": 512,  # no flood of processes
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
}
