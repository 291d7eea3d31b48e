"""Several ranks in this one process: threads, of which one runs at a time.

A rank runs until it meets the others in a call such as ``all_reduce``, or ends; then another one
has its turn. So the ranks never draw numbers or change settings at the same time, and a rank that
waits for one that does not come is noticed at once. Nothing goes through a network.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import distributed

from helpers.checks.core.describing import listed
from helpers.checks.core.limits import time_limit

BACKEND = "simulated"
PAUSE = 0.05  # seconds between two looks at whose turn it is: then this thread can be stopped
_REDUCE = {"SUM": torch.sum, "PRODUCT": torch.prod, "MIN": torch.amin, "MAX": torch.amax}
# A PyTorch that is built without torch.distributed has none of its classes.
_Group, _Work = (
    (distributed.ProcessGroup, distributed.Work) if distributed.is_available() else (object, object)
)


class Alone(RuntimeError):
    """A rank waits for others that do not come: they have ended, or wait in another call."""


class Done(_Work):
    """What a call that has come to its end gives back."""

    def __init__(self, tensors: list[torch.Tensor]):
        super().__init__()
        self._tensors = tensors

    def wait(self, *_timeout) -> bool:
        """There is nothing to wait for."""
        return True

    def is_completed(self) -> bool:
        """It is."""
        return True

    def get_future(self) -> torch.futures.Future:
        """One that has its value already."""
        future = torch.futures.Future()
        future.set_result(self._tensors)
        return future


class Group(_Group):
    """A process group of ``size`` ranks, which are threads: see ``run_ranks``."""

    def __init__(self, size: int):
        super().__init__(0, size)
        self._size, self._turn = size, 0
        self._own = threading.local()
        self._changed = threading.Condition()
        self._offers: dict[int, tuple[str, object]] = {}  # of the ranks that wait in a call
        self._met: list = []  # what they have handed over in the last call of all
        self._ended: set[int] = set()
        self._stuck = ""  # why nobody can go on

    def rank(self) -> int:
        """That of this thread."""
        return getattr(self._own, "rank", 0)

    def size(self) -> int:
        """How many ranks there are."""
        return self._size

    def name(self) -> str:
        """Of the backend."""
        return BACKEND

    getBackendName = name

    def begin(self, rank: int) -> None:
        """Make this thread ``rank``, and wait for its turn."""
        self._own.rank = rank
        with self._changed:
            self._wait()

    def end(self) -> None:
        """This rank does nothing more."""
        with self._changed:
            self._ended.add(self.rank())
            self._pass_on()

    def _wait(self) -> None:
        while self._turn != self.rank() and not self._stuck:
            self._changed.wait(PAUSE)

    def _pass_on(self) -> None:
        """Give the turn to the next rank that can go on; if there is none, all waiting ones end."""
        order = [(self.rank() + step) % self._size for step in range(1, self._size + 1)]
        ready = [rank for rank in order if rank not in self._ended and rank not in self._offers]
        if ready:
            self._turn = ready[0]
        elif self._offers and not self._stuck:
            waiting = ", ".join(f"rank {r} in {call}" for r, (call, _) in self._offers.items())
            self._stuck = f"{waiting} would wait for ever: {_absent(self._ended)}"
        self._changed.notify_all()

    def meet(self, call: str, given) -> list:
        """What all ranks hand over in the same call, by rank."""
        with self._changed:
            self._offers[self.rank()] = (call, given)
            if len(self._offers) < self._size:
                self._pass_on()
                self._wait()
            elif len({name for name, _ in self._offers.values()}) > 1:
                self._pass_on()
            else:
                self._met = [self._offers[rank][1] for rank in range(self._size)]
                self._offers.clear()
            if self._stuck:
                raise Alone(self._stuck)
            return self._met

    # The calls of torch.distributed: those by which gradients can be averaged.

    def allreduce(self, tensors, opts=None):
        """``all_reduce``, in place."""
        given = self.meet("all_reduce", [x.detach().clone() for x in tensors])
        for place, tensor in enumerate(tensors):
            every = torch.stack([one[place] for one in given])
            tensor.detach().copy_(_reduced(every, opts))
        return Done(tensors)

    allreduce_coalesced = allreduce

    def reduce(self, tensors, opts=None):
        """As ``allreduce``, for one rank."""
        given = self.meet("reduce", [x.detach().clone() for x in tensors])
        if self.rank() == opts.rootRank:
            for place, tensor in enumerate(tensors):
                every = torch.stack([one[place] for one in given])
                tensor.detach().copy_(_reduced(every, opts))
        return Done(tensors)

    def broadcast(self, tensors, opts=None):
        """All get what one rank has."""
        if not opts.rootRank < self._size:
            raise ValueError(f"there is no rank {opts.rootRank}")
        given = self.meet("broadcast", [x.detach().clone() for x in tensors])
        for tensor, sent in zip(tensors, given[opts.rootRank], strict=True):
            tensor.detach().copy_(sent)
        return Done(tensors)

    def allgather(self, results, tensors, opts=None):
        """All get what each rank has, in lists."""
        given = self.meet("all_gather", [x.detach().clone() for x in tensors])
        for place, result in enumerate(results):
            for tensor, sent in zip(result, given, strict=True):
                tensor.detach().copy_(sent[place])
        return Done([x for result in results for x in result])

    def all_gather_single(self, result, tensor, opts=None):
        """The same in one tensor."""
        given = self.meet("all_gather", tensor.detach().clone())
        result.detach().copy_(torch.cat([x.flatten() for x in given]).view_as(result))
        return Done([result])

    _allgather_base = all_gather_single

    def barrier(self, opts=None):
        """All wait for each other."""
        self.meet("barrier", None)
        return Done([])


def _absent(ended: set[int]) -> str:
    if not ended:
        return "the ranks call different functions"
    names = listed(sorted(ended))
    return f"rank {names} has ended" if len(ended) == 1 else f"ranks {names} have ended"


def _reduced(every: torch.Tensor, opts) -> torch.Tensor:
    operation = getattr(opts, "reduceOp", distributed.ReduceOp.SUM)
    for name, function in _REDUCE.items():
        if operation == getattr(distributed.ReduceOp, name):
            return function(every, 0)
    if operation == distributed.ReduceOp.AVG:
        return every.sum(0) / len(every)
    raise RuntimeError("Cannot use this ReduceOp here")


def _make(_store, _rank: int, size: int, _timeout) -> Group:
    if distributed.is_initialized():
        raise RuntimeError("no second group can be made here")
    return Group(size)


if distributed.is_available():
    distributed.Backend.register_backend(BACKEND, _make, devices=["cpu"])


@contextmanager
def joined(size: int) -> Iterator[Group]:
    """In this block ``torch.distributed`` works with a group of ``size`` ranks.

    A group that is there already is put aside, and back afterwards.
    """
    kept = distributed.GroupMember.WORLD
    if kept is None:
        store = distributed.HashStore()
        distributed.init_process_group(BACKEND, store=store, rank=0, world_size=size)
    else:
        distributed.GroupMember.WORLD = Group(size)
    try:
        yield distributed.GroupMember.WORLD
    finally:
        if kept is not None:
            distributed.GroupMember.WORLD = kept
        elif distributed.is_initialized():
            distributed.destroy_process_group()


def run_ranks(size: int, work: Callable[[int], object]) -> list:
    """What ``work(rank)`` returns on each of ``size`` ranks, or the exception that it raises.

    A rank that waits for ever for others gets ``Alone``.
    """
    outcomes = [None] * size

    def be(rank: int) -> None:
        try:
            with time_limit():
                group.begin(rank)
                outcomes[rank] = work(rank)
        except BaseException as error:
            outcomes[rank] = error
        finally:
            group.end()

    threads = [threading.Thread(target=be, args=(rank,), daemon=True) for rank in range(size)]
    with joined(size) as group:
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():  # in steps, between which this thread can be stopped
                thread.join(PAUSE)
    return outcomes
