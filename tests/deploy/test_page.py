"""The class server's page: what it tells to type exists, and its computed figures follow."""

import re
from urllib.parse import parse_qs, urlsplit

import yaml

from tests.load.server import ROOT, ClassServer

PAGE = (ROOT / "deploy/README.md").read_text(encoding="utf-8")
TEACHING = (ROOT / "docs/teaching.md").read_text(encoding="utf-8")


def measured(row: str) -> float:
    """The median in this row of the table of ``make load``."""
    return float(re.search(rf"^\| {re.escape(row)} \| ([\d.]+) ", PAGE, re.M)[1])


def computed(students: int) -> list[float]:
    """The gigabytes of memory in the row of so many students."""
    row = re.search(rf"^\| {students} \|.*\|$", PAGE, re.M)[0]
    return [float(figure) for figure in re.findall(r"([\d.]+) GB", row)]


def test_the_computed_memory_follows_from_what_was_measured():
    student = measured("memory of a student")
    assert student == measured("memory of a server") + measured("memory of its kernel")
    hub = float(re.search(r"hub and its proxy took (\d+) MB", PAGE)[1])
    for students in (25, 100, 300):
        at_rest, planned, training = computed(students)
        assert abs(at_rest - (students * student + hub) / 1000) < 0.5
        assert abs(planned - (students * 800 * 1024**2 + 2 * 1024**3) / 1e9) < 0.5
        assert abs(training - (students * 1 + 2)) < 0.5
    cores = re.findall(r"^\| (?:25|100|300) \| (\d+) \|", PAGE, re.M)
    assert [int(number) for number in cores] == [2, 8, 24]


def test_the_page_on_teaching_says_the_same():
    assert f"about {measured('memory of a student'):.0f} MB each" in TEACHING
    assert f"100 students: 8 cores and {computed(100)[1]:.0f} GB, computed" in TEACHING
    assert f"300 students: 24 cores and {computed(300)[1]:.0f} GB in all, computed" in TEACHING


def test_the_link_opens_a_notebook_of_the_course():
    (link,) = re.findall(r"^https://\S+git-pull\S+$", PAGE, re.M)
    query = parse_qs(urlsplit(link).query)
    folder, path = query["urlpath"][0].removeprefix("lab/tree/").split("/", 1)
    assert query["repo"][0].endswith(f"OWNER/{folder}")
    assert (ROOT / path).is_file()
    tried = ClassServer("http://x", ROOT, None, ROOT).link("r", "b", "p")  # as in the load test
    assert urlsplit(link).path == urlsplit(tried).path
    assert query.keys() == parse_qs(urlsplit(tried).query).keys()


def test_what_it_tells_to_type_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"(?:^|`)make (?:-o \S+ )?([\w/]+)", PAGE, re.M)):
        assert re.search(rf"^(\w+ )*{target}( \w+)*:", makefile, re.M), target
    for path in re.findall(r"\bdeploy/[\w.-]+", PAGE):
        assert (ROOT / path.rstrip(".")).exists(), path
    unit = (ROOT / "deploy/cnn-course-hub.service").read_text(encoding="utf-8")
    for shared in ("/opt/cnn-course", "/var/lib/cnn-course-hub", "/etc/cnn-course-hub.env"):
        assert shared in PAGE
        assert shared in unit
    network = re.search(r"--gateway (\S+)", PAGE)[1]
    assert f'"{network}"' in (ROOT / "deploy/jupyterhub_config.py").read_text(encoding="utf-8")
    version = re.search(r"--version (\S+)", PAGE)[1]
    values = (ROOT / "deploy/values.yaml").read_text(encoding="utf-8")
    assert f"--version {version}" in values
    image = yaml.safe_load(values)["singleuser"]["image"]
    assert f"IMAGE={image['name']}:{image['tag']}" in PAGE
