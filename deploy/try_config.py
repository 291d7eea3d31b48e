"""``make hub``: a class server on this machine only, to look at and for tests. Not for a class.

Each server is a plain process of the account that runs the hub: no container, so one student could
read the files of another, and the limits are told to the servers but not enforced.
"""

import os
import sys
from pathlib import Path

c = get_config()
here = Path(__file__).resolve().parent
load_subconfig(str(here / "common_config.py"))

state = Path(os.environ["HUB_STATE"])
port = int(os.environ["HUB_PORT"])

# Loopback only: the address of the hub, its own interface, and that of the proxy.
c.JupyterHub.bind_url = f"http://127.0.0.1:{port}"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{os.environ['HUB_OWN_PORT']}"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{os.environ['HUB_PROXY_PORT']}"
c.ConfigurableHTTPProxy.command = [os.environ["HUB_PROXY"], "--no-x-forward"]  # as on one host
c.ConfigurableHTTPProxy.pid_file = str(state / "proxy.pid")

c.JupyterHub.db_url = f"sqlite:///{state / 'hub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(state / "cookie_secret")

c.JupyterHub.spawner_class = "simple"
c.Spawner.ip = "127.0.0.1"
c.SimpleLocalProcessSpawner.home_dir_template = str(state / "students" / "{username}")
# As in the image: .binder/start, then the server. REPO_DIR is where the course lies.
c.Spawner.cmd = [str(here.parent / ".binder/start"), sys.executable, "-m", "jupyterhub.singleuser"]
if os.getuid() == 0:
    c.Spawner.args.append("--allow-root")

# Everything that this hub starts carries its mark, and can be found when the hub is gone.
mark = {"HUB_STATE": str(state)}
c.Spawner.environment |= {"REPO_DIR": str(here.parent)} | mark
c.Spawner.environment["JUPYTER_CONFIG_PATH"] = str(here / "server")
if os.environ.get("CNN_COURSE_DATA"):
    c.Spawner.environment["CNN_COURSE_DATA"] = os.environ["CNN_COURSE_DATA"]
for service in c.JupyterHub.services:
    service["environment"] = mark
