"""The verdicts on a class: those that are known from before, and all others from judges."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from authoring.lesson import Lesson
from grading.assignment import NotGraded
from grading.judging import Budget, Job, judge_all
from grading.resume import Store, base_of, keys_of
from grading.sandbox.protocol import Limits

Verdicts = dict[tuple[str, str], dict]  # by student and task
Keys = dict[tuple[str, str], tuple[str, str]]  # of each, what the store knows its answer by
SLOWER = 5  # times as long as the solutions may all answers of a student take in any case
Expect = Callable[[dict], None]  # is shown each result as it comes, and may raise


def whose(found: dict) -> tuple[str, str]:
    """The student and the task of a request or a result."""
    return found["student"], found["task"]


def apart(jobs: list[Job], keys: Keys) -> tuple[list[Job], list[Job]]:
    """``jobs`` in two: the first answer of each that say the same, and all others."""
    seen: set[str] = set()
    first, others = [], []
    for lesson, requests in jobs:
        new, known = [], []
        for request in requests:
            said = keys[whose(request)][0]
            (known if said in seen else new).append(request)
            seen.add(said)
        first.append((lesson, new))
        others.append((lesson, known))
    return first, others


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
        keys: Keys = {}
        budget = Budget(self.seconds)
        for lesson, requests in asked:
            base = base_of(lesson, self.limits)
            keys |= {whose(request): keys_of(base, request) for request in requests}

        def unknown(jobs: list[Job]) -> list[Job]:
            return [(lesson, [one for one in asked if not is_known(one)]) for lesson, asked in jobs]

        def is_known(request: dict) -> bool:
            known = self.store.get(keys[whose(request)])
            if known is not None:
                found[whose(request)] = known
                budget.take(request["student"], known.get("seconds", 0.0))
            return known is not None

        def keep(result: dict) -> None:
            of = whose(result)
            if of in budget.over:
                result = found[of] = budget.mark(*of)
                return expect(result)
            expect(result)
            found[of] = result
            budget.take(of[0], result.get("seconds", 0.0))
            self.store.put(keys[of], result)

        def judge(lesson: Lesson, requests: list[dict], slot: int, stop: threading.Event):
            return self.judge(lesson, requests, self.limits, slot, stop, budget.prepare)

        def judge_each(jobs: list[Job]) -> None:
            jobs = sorted((job for job in jobs if job[1]), key=lambda job: -len(job[1]))
            if not jobs:
                return
            try:
                judge_all(jobs, judge, keep, self.workers, title)
            finally:
                self.store.save()

        if anew:
            judge_each(asked)
            return found
        # What many have written is judged once; whose answer it does not settle comes after it.
        first, others = apart(unknown(asked), keys)
        judge_each(first)
        judge_each(unknown(others))
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
