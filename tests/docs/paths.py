"""Which words on a page are paths of the repository, and whether they lead somewhere."""

import re
from functools import cache

from tests.docs.pages import ROOT, Page

PATH = re.compile(r"[\w.*-]+(?:/[\w.*-]+)*/?")
FILE = re.compile(r"\.(?:cfg|csv|db|html|ipynb|json|md|png|py|service|toml|txt|ya?ml)$")
# Not of the repository, though they look like it: what is given to a program, or made elsewhere.
ELSEWHERE = {
    "172.30.0.0",  # a network
    "FashionMNIST",  # within the folder of the data
    "OWNER",  # the account that publishes the course
    "YOU",  # another one
    "cnn-course",  # the folder of the course in a student's home
    "cnn-course-data",  # the student's networks on a class server
    "folder",  # that of the submissions
    "jupyterhub",  # a chart
    "name__DATE.ipynb",  # what nbgitpuller makes
    "path",  # path/to/folder
    "registry.example.org",
    "secret.yaml",  # the lecturer's own
    "submitted",  # nbgrader's own folder of the submissions
}


def looks_like_ours(word: str) -> bool:
    """Whether a word is a path, and no other place's."""
    path = PATH.fullmatch(word) and ("/" in word or FILE.search(word))
    return bool(path) and word.split("/")[0] not in ELSEWHERE


@cache
def ignored() -> set[str]:
    """The folders that are made, and in no repository: ``build/``, ``data/``, ``.venv/``."""
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    return {line.strip("/") for line in lines if line.endswith("/") and "*" not in line}


def exists(path: str, page: Page) -> bool:
    """Whether ``path``, seen from the repository or from the page's folder, is there.

    What is made, and what a recipe of the page is to make, counts. With ``*`` there must be one.
    """
    if path.split("/")[0] in ignored() or path in page.promised:
        return True
    if any(promised.startswith(path.rstrip("/") + "/") for promised in page.promised):
        return True
    for folder in (ROOT, page.path.parent, ROOT / ".github/workflows"):
        if "*" in path and any(folder.glob(path)):
            return True
        if (folder / path).exists() and (not path.endswith("/") or (folder / path).is_dir()):
            return True
    return False


def faults(page: Page) -> list[str]:
    """The paths between backticks that lead nowhere."""
    words = [word for code in page.codes for word in code.split() if not code.startswith("make ")]
    return [word for word in words if looks_like_ours(word) and not exists(word, page)]
