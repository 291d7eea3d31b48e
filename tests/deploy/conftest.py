"""A class server for the tests of a file, and a way to talk to it."""

import asyncio
import os
import sys

import pytest

from tests.load.lesson import LECTURER, enrol, password
from tests.load.server import class_server, missing
from tests.load.students import Student


def needs_hub() -> None:
    """Skip with the reason where no class server can start; with CNN_COURSE_HUB=required, fail."""
    if reason := missing():
        if os.environ.get("CNN_COURSE_HUB") == "required":
            pytest.fail(f"CNN_COURSE_HUB=required, but {reason}")
        pytest.skip(reason)
    if sys.platform != "linux":
        pytest.skip("the processes of a class server are looked up in Linux's own way")


@pytest.fixture(scope="module")
def run():
    """Waits for a coroutine; all of a file share a loop, as the connections of a browser do."""
    loop = asyncio.new_event_loop()
    yield loop.run_until_complete
    loop.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A running class server."""
    needs_hub()
    with class_server(tmp_path_factory.mktemp("hub")) as server:
        yield server


@pytest.fixture(scope="module")
def people(server, run):
    """Ada and Bob, let in and logged in; Ada's and Bob's servers run. And the lecturer."""
    ada, bob = run(enrol(server, ["ada", "bob"]))
    lecturer = Student(server.address, LECTURER, password(LECTURER))
    everybody = (ada, bob, lecturer)
    run(asyncio.wait_for(_arrive(everybody), 120))
    yield everybody
    for person in everybody:
        run(person.close())


async def _arrive(people: tuple[Student, Student, Student]) -> None:
    for person in people:
        await person.log_in()
    await asyncio.gather(*(person.start_server() for person in people[:2]))


@pytest.fixture(scope="module")
def ada(people):
    return people[0]


@pytest.fixture(scope="module")
def bob(people):
    return people[1]


@pytest.fixture(scope="module")
def lecturer(people):
    return people[2]
