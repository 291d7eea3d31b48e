"""What every class server has in common: who may log in, how much each may have, what is stopped.

``jupyterhub_config.py`` (one host) and ``try_config.py`` (``make hub``) load this file;
``values.yaml`` says the same for a cluster, and a test holds the two together.
"""

import os
import sys
from pathlib import Path

c = get_config()
here = Path(__file__).resolve().parent

# --- who may log in ------------------------------------------------------------------------------

c.Authenticator.admin_users = set(os.environ.get("HUB_ADMINS", "lecturer").split())
c.Authenticator.username_pattern = r"[a-z][a-z0-9@._+-]{0,63}\Z"  # a name becomes a folder

if os.environ.get("OAUTH_CLIENT_ID"):
    # The login of the university. oauthenticator itself reads OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET,
    # OAUTH_CALLBACK_URL, OAUTH2_AUTHORIZE_URL, OAUTH2_TOKEN_URL and OAUTH2_USERDATA_URL.
    c.JupyterHub.authenticator_class = "generic-oauth"
    c.GenericOAuthenticator.username_claim = os.environ.get("OAUTH_CLAIM", "preferred_username")
    c.GenericOAuthenticator.scope = ["openid", "profile"]
    # A whole university can log in there; this class only is let in: one name on each line.
    names = Path(os.environ["HUB_STUDENTS"]).read_text(encoding="utf-8").split()
    c.Authenticator.allowed_users = set(names)
else:
    # Everybody signs up with a password of their own; an admin lets them in, one by one.
    sys.path.append(str(here))  # for what lies beside this file
    from sign_up import LimitedSignUp

    c.JupyterHub.authenticator_class = LimitedSignUp
    c.NativeAuthenticator.open_signup = False
    c.NativeAuthenticator.minimum_password_length = 10
    c.NativeAuthenticator.check_common_password = True
    c.NativeAuthenticator.allowed_failed_logins = 5
    c.NativeAuthenticator.seconds_before_next_try = 600
    # JupyterHub asks twice: this "all" are those whom an admin of NativeAuthenticator has let in.
    c.Authenticator.allow_all = True

# --- how much each student may have -------------------------------------------------------------

c.Spawner.mem_limit = "4G"  # task 5.6 starts four ranks, with 2.9 GB; others need 0.9 GB at most
c.Spawner.mem_guarantee = "800M"  # a server and a kernel at the end of notebook 1: see the README
c.Spawner.cpu_limit = 2
c.Spawner.cpu_guarantee = 0.05  # mostly, a student reads
c.Spawner.environment = {
    "OMP_NUM_THREADS": "2",  # torch's threads: as many as the limit
    # The link fetches this repository only; see server/jupyter_server_config.py.
    "COURSE_REPOSITORY": os.environ.get("HUB_REPOSITORY", "https://github.com/OWNER/cnn-course"),
    "JUPYTER_CONFIG_PATH": "/srv/cnn-course/deploy/server",  # in the image
}

# No more servers than fit. Whoever comes later is told so, and nobody's kernel is ended for it.
memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
kept, seat = 2 * 1024**3, 800 * 1024**2  # for the system and the hub; for each student
seats = int(os.environ.get("HUB_SEATS") or max(1, (memory - kept) // seat))
c.JupyterHub.active_server_limit = seats

# --- what each gets -------------------------------------------------------------------------------

c.Spawner.default_url = "/lab"
# A picture that is uploaded to a panel is one message: see UPLOADS in the Makefile.
c.Spawner.args = ['--ServerApp.tornado_settings={"websocket_max_message_size": 30000000}']
# A whole class may come within a minute: on a few cores the last one waits that long.
c.Spawner.start_timeout = 300
c.Spawner.http_timeout = 300

# --- servers that nobody uses ------------------------------------------------------------------

IDLE, OLDEST = 3600, 12 * 3600  # seconds without any activity; seconds since the start
c.JupyterHub.services = [
    {
        "name": "idle-culler",
        "command": [
            sys.executable,
            "-m",
            "jupyterhub_idle_culler",
            f"--timeout={os.environ.get('HUB_IDLE', IDLE)}",
            f"--cull-every={os.environ.get('HUB_CULL_EVERY', 300)}",
            f"--max-age={OLDEST}",
        ],
    }
]
c.JupyterHub.load_roles = [
    {
        "name": "idle-culler",
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        "services": ["idle-culler"],
    }
]
