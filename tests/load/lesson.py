"""A lesson: a class arrives, works through a notebook with pauses, and leaves together."""

import asyncio
import random
import time
from dataclasses import dataclass

import psutil

from tests.load.memory import Memory, free, of_student
from tests.load.report import Report
from tests.load.server import ClassServer
from tests.load.students import Student

LECTURER = "lecturer"
NOTEBOOK = "cnn-course/solutions/01_convolution_layers.ipynb"


@dataclass
class Plan:
    """How many come within how many seconds; the pauses between cells; how many cells at most."""

    students: int = 25
    arrivals: float = 60.0
    pause: float = 5.0
    cells: int | None = None
    notebook: str = NOTEBOOK
    seed: int = 0


class Bell:
    """Rings when all are done: nobody closes a notebook before the last one has finished it."""

    def __init__(self, students: int):
        self.working, self.all_done, self.end = students, asyncio.Event(), asyncio.Event()

    def one_is_done(self) -> None:
        """One student less at work."""
        self.working -= 1
        if self.working == 0:
            self.all_done.set()


def password(name: str) -> str:
    """A password of one simulated student; the servers live for one test."""
    return f"only in this test: {name}"


async def enrol(server: ClassServer, names: list[str]) -> list[Student]:
    """Everybody signs up; the lecturer logs in and lets them in."""
    lecturer = Student(server.address, LECTURER, password(LECTURER))
    students = [Student(server.address, name, password(name)) for name in names]
    await lecturer.sign_up()
    await lecturer.log_in()
    for student in students:
        await student.sign_up()
        await lecturer.let_in(student.name)
    await lecturer.close()
    return students


async def attend(student: Student, link: str, plan: Plan, number: int, bell: Bell) -> None:
    """Log in, start a server, get the notebooks, run one cell by cell; leave when all leave."""
    chance = random.Random(plan.seed * 1000 + number)
    await asyncio.sleep(chance.uniform(0, plan.arrivals))
    begin = time.monotonic()
    await student.log_in()
    await student.start_server()
    student.times.start = time.monotonic() - begin
    begin = time.monotonic()
    await student.pull(link)
    student.times.pull = time.monotonic() - begin
    content = await student.read_notebook(plan.notebook)
    begin = time.monotonic()
    async with student.kernel(plan.notebook) as kernel:
        await kernel.ready()
        student.times.kernel = time.monotonic() - begin
        codes = ["".join(c["source"]) for c in content["cells"] if c["cell_type"] == "code"]
        for code in codes[: plan.cells]:
            begin = time.monotonic()
            await kernel.run(code)
            student.times.cells.append(time.monotonic() - begin)
            await asyncio.sleep(chance.uniform(0.5, 1.5) * plan.pause)
        await student.save_notebook(plan.notebook, content)
        bell.one_is_done()
        await bell.end.wait()
    await student.stop_server()


async def lesson(server: ClassServer, link: str, plan: Plan) -> Report:
    """Hold the lesson; returns what was measured."""
    before = lowest = free()
    names = [f"student{number:03}" for number in range(1, plan.students + 1)]
    students = await enrol(server, names)
    report = Report(cores=psutil.cpu_count(), memory=psutil.virtual_memory().total)
    bell = Bell(len(students))

    async def one(number: int, student: Student) -> None:
        try:
            await attend(student, link, plan, number, bell)
        except Exception as failure:  # a browser may fail in many ways; each one counts
            report.failures.append(f"{student.name}: {type(failure).__name__}: {failure}")
            if not bell.end.is_set():
                bell.one_is_done()

    tasks = [asyncio.create_task(one(*pair)) for pair in enumerate(students)]
    while not bell.all_done.is_set():  # the least that was free, while the class works
        await asyncio.sleep(0.5)
        lowest = min(lowest, free())
    processes = server.processes()
    report.students = [s.times for s in students if s.times.cells]
    report.memory_of = [m for s in students if (m := of_student(processes, s.name)).server]
    report.hub = Memory.of(p for p in processes if not Memory.owner(p))
    report.taken = before - lowest
    bell.end.set()
    await asyncio.gather(*tasks)
    await asyncio.gather(*(student.close() for student in students))
    return report
