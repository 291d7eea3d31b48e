"""An answer among known wrong ones: what its process does, and what is made of its reports.

The answer runs first, in a process that knows of nothing else. Then it is told what to judge: the
answer and some known wrong answers, each in a copy of that process, in places drawn at random; and
after the answer, in the same copy, one more that is wrong. Which place is whose is known outside.
Where a wrong answer passes, or does not come to its end, the check is not believed.
"""

import json
import os
import signal
import sys
import sysconfig
from collections.abc import Callable

from grading.sandbox import unusual
from grading.sandbox.confined import Confined
from grading.sandbox.course import Course, Unreadable
from grading.sandbox.protocol import Garbled, Limits, Sent, message, receive, verdict, write_all

VOID = (
    "the check could not be trusted after this answer had run, so this task does not count. A "
    "check needs Python, torch and the helpers as they are: leave these unchanged, restart your "
    "kernel, and run the cells up to this task again."
)
NO_VERDICT = "the process in which your answer ran ended before there was a verdict."
OUTCOMES = {"right", "wrong", "blank", "stopped"}


def inside(course: Course, task: Sent, orders: int, reports: int) -> None:
    """In a confined process: run an answer, then judge what was asked for."""
    asked = receive(orders)
    write_all(reports, message({"unusual": unusual.in_cells(asked["answers"])}))
    said = None
    fork, wait = os.fork, os.waitpid  # as they are now
    try:
        course.answer(task, asked["answers"], asked["earlier"], asked["evidence"])
    except Unreadable as error:
        said = verdict("wrong", str(error))
    write_all(reports, message({"ran": said}))
    secret = receive(orders)
    for place, items in enumerate(secret["places"]):
        child = fork()
        if child == 0:
            try:
                _judge_place(course, task, asked, secret, place, items, reports)
            finally:
                os._exit(0)
        _, status = wait(child, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            seconds = Limits(**asked["limits"]).cpu_seconds
            found = verdict("stopped", f"your answer ran for more than {seconds} seconds.")
            _report(reports, secret["token"], place, 0, found)


def _judge_place(course, task, asked, secret, place: int, items: list, reports: int) -> None:
    course.put_back()
    reached = watch_for_frames()
    for number, control in enumerate(items):
        if control is None:
            own, needed = secret["own"], asked["evidence"]
            found = course.judge_answer(task, secret["checks"], own, needed)
        else:
            last = secret["checks"][-1:]
            found = course.judge_control(task, last, control, touched=number > 0)
        if reached:
            found = verdict("stopped", VOID)
        _report(reports, secret["token"], place, number, found)
        if control is None and found["outcome"] != "right":
            return


def _report(reports: int, token: str, place: int, number: int, found: dict) -> None:
    data = {"token": token, "place": place, "number": number, **found}
    write_all(reports, message(data))


def watch_for_frames() -> list[str]:
    """Note, from now on, when a cell asks Python for the frames of those who call it.

    The check's own numbers stand in them. A question of torch or of the helpers is none of a cell.
    """
    found, busy = [], []
    library, site = sysconfig.get_paths()["stdlib"], sysconfig.get_paths()["purelib"]
    frame_of = sys._getframe

    def asked_by_a_cell() -> bool:
        frame = frame_of(2)
        while frame is not None:
            name = frame.f_code.co_filename
            if name.startswith("<") and not name.startswith("<frozen"):
                return True
            if not name.startswith(library) or name.startswith(site):
                return False
            frame = frame.f_back
        return False

    def hook(event: str, args: tuple) -> None:
        if event not in _FRAMES and not (event == "object.__getattr__" and args[1] in _HOLDERS):
            return
        if busy:
            return
        busy.append(event)
        try:
            if asked_by_a_cell():
                found.append(event)
        finally:
            busy.clear()

    sys.addaudithook(hook)
    return found


_FRAMES = {
    "sys._getframe", "sys._current_frames", "sys.settrace", "sys.setprofile", "gc.get_objects",
    "gc.get_referrers", "gc.get_referents",
}  # fmt: skip
_HOLDERS = {"tb_frame", "gi_frame", "cr_frame", "ag_frame"}


def attempt(confined: Confined, request: dict, own: bool, limits: dict) -> dict:
    """The verdict on one answer, from a confined process; ``own``: with the student's earlier.

    What is unusual in it is read there as well, before it runs.
    """
    secret = request["secret"]
    public = {
        "answers": request["answers"],
        "earlier": request["earlier"] if own else [],
        "evidence": request.get("evidence", {}),
        "limits": limits,
    }
    found, odd = None, []
    try:
        with confined as talk:
            talk.send(public)
            odd = [str(line)[: unusual.LONGEST] for line in talk.receive()["unusual"]]
            said = talk.receive()["ran"]
            if said is None:
                talk.send(secret)
                found = _listen(talk.receive, secret)
    except (Garbled, EOFError, OSError, ValueError, KeyError, TypeError, AttributeError):
        return verdict("stopped", confined.why or NO_VERDICT) | {"unusual": odd}
    if said is not None:
        found = verdict("wrong", str(said["words"]))
    elif found["words"] == NO_VERDICT or (found["words"] == VOID and confined.why):
        # It was in a check, the answer's own or a wrong one's, that it came to its end.
        found = verdict("stopped", confined.why or NO_VERDICT)
    return found | {"unusual": odd}


def _listen(receive_one: Callable[[], dict], secret: dict) -> dict:
    """What the reports come to; raises ``Garbled`` if one is none."""
    places = secret["places"]
    wanted = {(p, n) for p, items in enumerate(places) for n in range(len(items))}
    (answer,) = [(p, items.index(None)) for p, items in enumerate(places) if None in items]
    found: dict[tuple, dict] = {}
    while wanted - found.keys():
        try:
            report = receive_one()
        except EOFError:
            break
        if report.pop("token", None) != secret["token"]:
            raise Garbled("a report without the token")
        where, words = (report["place"], report["number"]), report["words"]
        if where not in wanted or report["outcome"] not in OUTCOMES or type(words) is not str:
            raise Garbled(json.dumps(report)[:200])
        found.setdefault(where, verdict(report["outcome"], words))
        if where == answer and found[where]["outcome"] != "right":
            return found[where]
    return decide(found, answer, wanted)


def decide(found: dict[tuple, dict], answer: tuple, wanted: set[tuple]) -> dict:
    """The verdict on the answer, if every wrong answer beside it was refused."""
    if answer not in found:
        return verdict("stopped", NO_VERDICT)
    if found[answer]["outcome"] != "right":
        return found[answer]
    others = [found.get(where, {}).get("outcome") for where in wanted - {answer}]
    if any(outcome not in ("wrong", "blank") for outcome in others):
        return verdict("wrong", VOID)
    return found[answer]
