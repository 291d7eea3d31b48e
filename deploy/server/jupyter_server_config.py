"""Read by each student's server (JUPYTER_CONFIG_PATH): a link fetches the course alone.

nbgitpuller takes any ``repo`` and ``targetpath`` from a link. With the folder from which IPython
starts, somebody else's link would run code in the kernel of whoever clicks it.
"""

import os
import re

import nbgitpuller
from tornado import web

REPOSITORY = os.environ.get("COURSE_REPOSITORY", "").rstrip("/")
PLAIN = re.compile(r"[A-Za-z0-9_][\w./-]*")  # a branch; no option of git


def refusal(arguments: dict[str, list[str]], course: str) -> str:
    """Why this link is not followed, or nothing; ``arguments`` are all values of each name."""
    folder = course.split("/")[-1]
    repos = arguments.get("repo", [])
    targets = arguments.get("targetpath", []) + arguments.get("targetPath", [])
    if not course or not repos or any(repo != course for repo in repos):
        return (
            f"This server fetches the course only, from {course or 'nowhere yet'}. Take the link "
            "that your lecturer gave you. (Lecturer: HUB_REPOSITORY names the repository.)"
        )
    if any(target != folder for target in targets):
        return f"The course belongs into the folder {folder}, and into no other."
    if any(not PLAIN.fullmatch(branch) for branch in arguments.get("branch", []) if branch):
        return "The branch in this link is no name of a branch."
    return ""


def limit(handler: type[web.RequestHandler], course: str) -> None:
    """Let ``handler`` refuse before it does anything."""
    get = handler.get

    async def checked(self):
        names = ("repo", "targetpath", "targetPath", "branch")
        why = refusal({name: self.get_arguments(name) for name in names}, course)
        if why and self.current_user:  # a stranger is sent to the log-in, as ever
            raise web.HTTPError(403, why)
        await get(self)

    handler.get = checked


def load(app) -> None:
    """What nbgitpuller does when the server starts, and then the limits."""
    _load(app)
    from nbgitpuller import handlers  # not before: which base they have is known only now

    for handler in (handlers.SyncHandler, handlers.UIHandler):
        limit(handler, REPOSITORY)


if not hasattr(nbgitpuller, "limited"):  # this file may be read twice
    _load = nbgitpuller._load_jupyter_server_extension
    nbgitpuller._load_jupyter_server_extension = load
    nbgitpuller.load_jupyter_server_extension = load
    nbgitpuller.limited = True
