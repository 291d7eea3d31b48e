"""Simulated students log in, start servers, get the notebooks and work through notebook 01.

    python -m tests.load --students 25 --arrivals 60 --pause 5

It starts a class server as ``make hub`` does, on a folder that is thrown away afterwards, and the
students run ``solutions/01_convolution_layers.ipynb``, whose checks must all pass. The simulated
browsers run on the same cores as the servers.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.load.lesson import Plan, lesson
from tests.load.server import class_server, missing, repository_of


def main() -> int:
    """The command; returns its exit status: 1 if anything failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--students", type=int, default=25, help="how many (25)")
    parser.add_argument("--arrivals", type=float, default=60, help="all come within ... s (60)")
    parser.add_argument("--pause", type=float, default=5, help="mean pause after a cell, s (5)")
    parser.add_argument("--cells", type=int, help="only the first cells of the notebook")
    options = parser.parse_args()
    if missing():
        print(f"The load test cannot run: {missing()}.", file=sys.stderr)
        return 1
    plan = Plan(options.students, options.arrivals, options.pause, options.cells)
    with tempfile.TemporaryDirectory(prefix="cnn-course-load-") as name:
        folder = Path(name)
        repository = repository_of(folder)
        with class_server(folder, HUB_REPOSITORY=repository) as server:
            link = server.link(repository, "term", plan.notebook)
            report = asyncio.run(lesson(server, link, plan))
    print(report.table())
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
