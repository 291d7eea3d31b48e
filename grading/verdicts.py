"""The verdicts on a class: those that are known from before, and all others from judges."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from authoring.lesson import Lesson
from grading.assignment import NotGraded
from grading.judging import Budget, Job, judge_all
from grading.resume import Store, base_of, key_of
from grading.sandbox.protocol import Limits

Verdicts = dict[tuple[str, str], dict]  # by student and task
SLOWER = 5  # times as long as the solutions may all answers of a student take in any case
Expect = Callable[[dict], None]  # is shown each result as it comes, and may raise


@dataclass
class Panel:
    """What a class is judged with: limits, judges, and what earlier runs have said.

    ``judge`` yields the results of requests to a lesson, given limits, a slot, an event that ends
    it, and what makes of a request what is sent.
    """

    store: Store
    limits: Limits
    judge: Callable[..., Iterator[dict]]
    workers: int
    seconds: float  # for all answers of one student

    def verdicts(
        self,
        asked: list[Job],
        anew: bool = False,
        title: str = "Judging",
        expect: Expect = lambda result: None,
    ) -> Verdicts:
        """The verdict on each request. ``anew``: whatever was said before.

        Raises what ``expect`` and the judges raise, ``judging.Stopped``, and ``OSError``.
        """
        found: Verdicts = {}
        keys, jobs, budget = {}, [], Budget(self.seconds)
        for lesson, requests in asked:
            base, missing = base_of(lesson, self.limits), []
            for request in requests:
                whose = request["student"], request["task"]
                keys[whose] = key_of(base, request)
                known = self.store.get(keys[whose])
                if known is None or anew:
                    missing.append(request)
                else:
                    found[whose] = known
                    budget.take(whose[0], known.get("seconds", 0.0))
            jobs += [(lesson, missing)] if missing else []

        def keep(result: dict) -> None:
            whose = result["student"], result["task"]
            if whose in budget.over:
                result = found[whose] = budget.mark(*whose)
                return expect(result)
            expect(result)
            found[whose] = result
            budget.take(whose[0], result.get("seconds", 0.0))
            self.store.put(keys[whose], result)

        def judge(lesson: Lesson, requests: list[dict], slot: int, stop: threading.Event):
            return self.judge(lesson, requests, self.limits, slot, stop, budget.prepare)

        if jobs:
            jobs.sort(key=lambda job: -len(job[1]))
            try:
                judge_all(jobs, judge, keep, self.workers, title)
            finally:
                self.store.save()
        return found

    def try_solutions(self, asked: list[Job]) -> None:
        """Judge the lessons' own answers, as if a student had sent them. Raises ``NotGraded``.

        They have the limits of all answers: what is too little for them is too little for all.
        """

        def expect(result: dict) -> None:
            if result["outcome"] == "stopped":
                raise NotGraded(
                    f"Nothing was graded: with {self.limits.cpu_seconds:g} seconds for an answer "
                    f"and {self.seconds:g} for all of one submission, the lesson's own answer to "
                    f"task {result['task']} does not come to its end ({result['words']}) Allow "
                    "more, with --seconds or --budget; or let this machine do less at a time, with "
                    "--workers."
                )
            if result["outcome"] != "right":
                raise NotGraded(
                    f"Nothing was graded: the lesson's own answer to task {result['task']} does "
                    f"not pass ({result['words']}) Mend it, then make the release anew."
                )

        found = self.verdicts(asked, title="Trying the solutions", expect=expect)
        took = sum(result.get("seconds", 0.0) for result in found.values())
        if took > self.seconds:
            raise NotGraded(
                f"Nothing was graded: the lesson's own answers took {took:.1f} seconds together, "
                f"and {self.seconds:g} are allowed for all of one submission. Allow more, with "
                "--budget."
            )
        # A slow machine, or one that is busy with other things, is no student's fault.
        self.seconds = max(self.seconds, SLOWER * took)
