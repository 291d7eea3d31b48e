"""A small lesson of simulated students, and the table that a large one prints."""

import asyncio
import json

import pytest

from tests.deploy.conftest import needs_hub
from tests.load.lesson import Plan, enrol, lesson
from tests.load.memory import Memory
from tests.load.report import Report, percentile
from tests.load.server import class_server, repository_of
from tests.load.students import Failed, Times

# --- the table ------------------------------------------------------------------------------------


def test_percentiles_are_measured_values():
    values = [float(value) for value in range(1, 101)]
    assert percentile(values, 0.95) == 95
    assert percentile(values[:20], 0.95) == 19
    assert percentile([7.0], 0.95) == 7


def test_the_table_says_what_was_measured_and_what_failed():
    students = [Times(start=s, pull=1, kernel=2, cells=[0.1, 0.2, 3.0]) for s in (4, 5, 30)]
    memory = [Memory(server=140_000_000, kernels=600_000_000)] * 3
    table = Report(2, 24_000_000_000, students, memory, 190_000_000, 2_400_000_000).table()
    assert "3 students at once; 2 cores, 24 GB; 9 cells run; 0 failures" in table
    assert "| log-in until the server answers | 5.0 s | 30.0 s | 30.0 s |" in table
    assert "| a cell | 0.20 s | 3.00 s | 3.00 s |" in table
    assert "| memory of a student | 740 MB | 740 MB | 740 MB |" in table
    failed = Report(2, 24_000_000_000, failures=["student001: the server did not start"]).table()
    assert "1 failures" in failed
    assert "FAILED: student001: the server did not start" in failed
    assert "| a cell | – | – | – |" in failed


# --- a lesson ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A class server, and the link to the course."""
    needs_hub()
    folder = tmp_path_factory.mktemp("lesson")
    repository = repository_of(folder)
    with class_server(folder, HUB_REPOSITORY=repository) as server:
        yield server, server.link(repository, "term", Plan.notebook)


def test_two_students_work_through_the_first_cells(course):
    server, link = course
    report = asyncio.run(lesson(server, link, Plan(students=2, arrivals=1, pause=0.1, cells=4)))
    assert report.failures == []
    assert [len(student.cells) for student in report.students] == [4, 4]
    assert all(student.start > 0 and student.kernel > 0 for student in report.students)
    for memory in report.memory_of:
        assert 50e6 < memory.server < 500e6
        assert 100e6 < memory.kernels < 2e9  # torch is among it
    assert 50e6 < report.hub < 1e9
    assert [p for p in server.processes() if Memory.owner(p)] == []  # they stopped their servers
    homes = server.state / "students"
    for name in ("student001", "student002"):
        notebook = json.loads((homes / name / Plan.notebook).read_text())
        assert notebook["cells"]
        assert (homes / name / "cnn-course-data").is_dir()


def test_what_goes_wrong_for_a_student_is_told(course):
    server, link = course

    async def work() -> tuple[str, str]:
        (student,) = await enrol(server, ["ada"])
        await student.log_in()
        await student.start_server()
        with pytest.raises(Failed) as no_branch:
            await student.pull(link.replace("branch=term", "branch=nothing"))
        async with student.kernel("none.ipynb") as kernel:
            await kernel.run("import os\nassert os.environ['CPU_LIMIT'] == '2.0'")
            await kernel.run("assert os.environ['OMP_NUM_THREADS'] == '2'")  # torch reads it
            await kernel.run(f"picture = {'x' * 12_000_000!r}")  # an upload beyond Jupyter's limit
            with pytest.raises(Failed) as wrong:
                await kernel.run("assert len(picture) == 1, 'a check that fails'")
        await student.stop_server()
        await student.close()
        return str(no_branch.value), str(wrong.value)

    no_branch, wrong = asyncio.run(work())
    assert no_branch.startswith("the link failed:")
    assert wrong.startswith("AssertionError: a check that fails")
