"""What the check of task 5.6 asks of the three functions that make a training a distributed one."""

import functools
import re
from collections.abc import Callable, Iterable

import torch
from torch.utils.data import DataLoader, TensorDataset

from helpers.checks.core.calling import call_student, judge_arguments, judge_function
from helpers.checks.core.checking import check
from helpers.checks.core.describing import describe, listed
from helpers.checks.core.known_mistakes import Advice
from helpers.checks.core.outcomes import Incorrect, NotAnswered
from helpers.checks.core.seeds import seed
from helpers.checks.core.values import whole_number
from helpers.checks.going_further.averaged_gradients import judge_wrap
from helpers.models import ConvNet

EVEN = 48  # images: for 1, 2 and 4 ranks a whole number each
UNEVEN = 50  # not so for 4 ranks
BATCH_SIZE = 8  # of all ranks together

# Parts of error messages, and what to try then.
SAMPLER_ADVICE: Advice = (
    ("process group", "Hand num_replicas=world_size and rank=rank to the sampler, so that it "
     "need not ask."),
)  # fmt: skip
INVALID = re.compile(r"Invalid rank (-?\d+), rank should be in the interval \[0, (-?\d+)\]")


def judge_sampler(make_sampler) -> None:
    """Raise unless the ranks share out one order of all images, another one in each epoch.

    Rank ``r`` of ``n`` must get each ``n``-th place from place ``r`` on, in any form: only then do
    all ranks together have in each step the batch that one process would have.
    """
    judge_function(make_sampler, "make_sampler")
    judge_arguments(make_sampler, "make_sampler", ("dataset", "rank", "world_size", "epoch"))
    for count in (EVEN, UNEVEN):
        dataset = TensorDataset(torch.zeros(count, 1), torch.zeros(count))
        whole = _places(make_sampler, dataset, 0, 1, 0)
        _judge_all(whole, count)
        if _places(make_sampler, dataset, 0, 1, 0) != whole:
            raise Incorrect(
                "two calls of make_sampler with the same arguments give different orders, so that "
                "two ranks would not agree. Let the order depend on the epoch alone: "
                "set_epoch(epoch), or a generator with the seed epoch."
            )
        for world_size in (2, 4):
            shares = [_places(make_sampler, dataset, r, world_size, 0) for r in range(world_size)]
            _judge_shares(shares, whole)
    for world_size in (1, 2):
        first, second = (_places(make_sampler, dataset, 0, world_size, epoch) for epoch in (0, 1))
        if first == second:
            raise Incorrect(_why_the_same(whole))


def _places(make_sampler, dataset: TensorDataset, rank: int, size: int, epoch: int) -> list[int]:
    """What the student's function gives to ``rank`` of ``size``, as a list of whole numbers."""
    on = f"rank {rank} of {size} in epoch {epoch}"
    # Every rank has random numbers of its own: what depends on them is no common order.
    torch.manual_seed(seed(560 + 10 * size + rank))
    try:
        given = call_student(
            make_sampler, dataset, rank, size, epoch, on=on, again=rank + size + epoch > 1,
            advice=SAMPLER_ADVICE,
        )  # fmt: skip
    except NotAnswered:
        raise _none(make_sampler, on) from None
    except Incorrect as error:
        raise Incorrect(f"{error.message} {_told(error.message, rank, size)}".rstrip()) from None
    if isinstance(given, DataLoader):
        raise Incorrect(
            "make_sampler returns a DataLoader; expected are only the places of the images: a "
            "sampler. Which images lie there is looked up later."
        )
    try:
        places = [place for _, place in zip(range(10 * len(dataset)), given, strict=False)]
    except Exception as error:
        raise Incorrect(
            f"make_sampler returned {describe(given)} on {on}, and one cannot go through it "
            f"({type(error).__name__}). Return a sampler, or the places of images in a list."
        ) from None
    return [
        whole_number(place, f"an entry of what make_sampler returned on {on}") for place in places
    ]


def _none(make_sampler, on: str) -> Incorrect | NotAnswered:
    """What to say of a function that returns None: it may still be blank."""
    names = getattr(getattr(make_sampler, "__code__", None), "co_names", ())
    if not names:
        return NotAnswered("fill in make_sampler, and end it with return and the sampler.")
    said = f"make_sampler returns None on {on}; expected is a sampler. "
    if "set_epoch" in names:
        said += "set_epoch(epoch) itself returns None: r"
    else:
        said += "R"
    return Incorrect(f"{said}eturn the sampler, in a line of its own at the end.")


def _told(message: str, rank: int, size: int) -> str:
    """What a sampler was told, if that is what the error ``message`` is about."""
    found = INVALID.search(message)
    if not found:
        return ""
    told, of = int(found[1]), int(found[2]) + 1
    swapped = (told, of) == (size, rank)
    return (
        f"The sampler was told that this is rank {told} of {of}; it is rank {rank} of {size}, "
        "counted from 0." + (" rank and world_size have changed places." if swapped else "")
    )


def _judge_range(places: Iterable[int], count: int) -> None:
    wrong = [place for place in places if not 0 <= place < count]
    if wrong:
        raise Incorrect(
            f"make_sampler gives the place {wrong[0]}, but {count} images have the places 0 to "
            f"{count - 1}."
        )


def _judge_all(places: list[int], count: int) -> None:
    """One rank of one has all images."""
    _judge_range(places, count)
    if sorted(places) != list(range(count)):
        raise Incorrect(
            f"one rank alone should see each of {count} images once; it gets {len(places)} "
            f"places, {len(set(places))} of them different. With DistributedSampler, give "
            "num_replicas=world_size and rank=rank."
        )


def _judge_shares(shares: list[list[int]], whole: list[int]) -> None:
    """The ``shares`` of all ranks are the ``whole``, dealt out in turn.

    What is left over is dealt out to none, or completed to a place for each.
    """
    size, count = len(shares), len(whole)
    sizes = [len(share) for share in shares]
    least, rest = divmod(count, size)
    asked = f"{least} or {least + 1}" if rest else f"{least}"
    if sizes == [count] * size:
        raise Incorrect(
            f"each of {size} ranks sees all {count} images: all would do the same work. Give "
            f"each a share of {asked}, with the help of rank and world_size."
        )
    if len(set(sizes)) > 1:
        more = (
            " Leave out those that cannot be shared out equally, or give some of them twice, as "
            "DistributedSampler does."
        )
        raise Incorrect(
            f"{size} ranks get {listed(sizes)} of {count} images; expected are equal shares of "
            f"{asked}. A rank that has a step more to make than the others waits for them for ever."
            + more
            * bool(rest)
        )
    if sizes[0] not in {least, least + bool(rest)}:
        raise Incorrect(
            f"each of {size} ranks gets {sizes[0]} of {count} images; expected is a share of "
            f"{asked}, so that together they see all of them."
        )
    _judge_range((place for share in shares for place in share), count)
    for rank, share in enumerate(shares[1:], start=1):
        common = set(share[:least]) & set(shares[0][:least])
        if set(share) == set(shares[0]):
            raise Incorrect(
                f"ranks 0 and {rank} of {size} see the same images. Use rank to tell them apart."
            )
        if common:
            raise Incorrect(
                f"ranks 0 and {rank} of {size} have {len(common)} images in common, so that others "
                "are seen by nobody. All ranks need the same order (the same seed), of which each "
                "takes its share."
            )
    part = BATCH_SIZE // size
    for step in range(count // BATCH_SIZE):
        together = set().union(*(share[step * part : (step + 1) * part] for share in shares))
        if together != set(whole[step * BATCH_SIZE : (step + 1) * BATCH_SIZE]):
            raise Incorrect(
                f"in step {step + 1}, the batches of all {size} ranks together hold other images "
                "than the batch of one process, so that their weights cannot be equal. Shuffle as "
                "for one process, and deal out in turn: rank 0 takes the first place, rank 1 the "
                "next one, as order[rank::world_size] does."
            )


def _why_the_same(places: list[int]) -> str:
    if places == sorted(places):
        return (
            "the images come in the order of the data set, in every epoch. Shuffle them: "
            "DistributedSampler does so unless it is told shuffle=False."
        )
    return (
        "the order of images in epoch 1 is that of epoch 0. DistributedSampler does not notice by "
        "itself that a new epoch has begun: call its set_epoch(epoch)."
    )


def judge_logger(is_logger) -> None:
    """Raise unless ``is_logger`` is true for rank 0 alone, the rank that every run has."""
    judge_function(is_logger, "is_logger")
    judge_arguments(is_logger, "is_logger", ("rank",))
    first = call_student(is_logger, 0, on="rank 0")
    loggers = [
        rank for rank in range(4) if _truth(first if rank == 0 else _quietly(is_logger, rank))
    ]
    if not loggers:
        raise Incorrect(
            "is_logger is false for all of four ranks, so that nothing would be printed. One has "
            "to print: rank 0, which every run has."
        )
    if len(loggers) > 1:
        raise Incorrect(
            f"is_logger is true for ranks {listed(loggers)}: each line would be printed "
            f"{len(loggers)} times. Make it true for one rank only."
        )
    if loggers != [0]:
        raise Incorrect(
            f"is_logger is true for rank {loggers[0]}, which is not there in a run of one process. "
            "Ranks count from 0: take the first."
        )


def _quietly(is_logger: Callable, rank: int) -> object:
    """Its answer for ``rank``; a function that returns nothing for the others is right, too."""

    @functools.wraps(is_logger)
    def in_a_list(rank):
        return [is_logger(rank)]

    return call_student(in_a_list, rank, on=f"rank {rank}")[0]


def _truth(value: object) -> bool:
    try:
        if isinstance(value, str) or callable(value):
            raise TypeError
        return bool(value)
    except Exception:
        raise Incorrect(
            f"is_logger returned {describe(value)}; expected is True or False, as rank == 0 gives."
        ) from None


@check("5.6", "The same training on several processes", hints=(
    "Ask of each function what would go wrong without it. All ranks would see the same images; "
    "each would train for itself; each line would be printed several times.",
    "With three ranks and the order 5, 2, 0, 4, 1, 3, rank 1 gets 2 and 1: each third place, "
    "from the second on. DistributedSampler(dataset, num_replicas=..., rank=...) deals out so "
    "and shuffles, anew after its set_epoch(...). DistributedDataParallel(...) takes the "
    "network. And of all ranks, only 0 is in every run.",
))  # fmt: skip
def data_parallel(make_sampler, wrap, is_logger) -> str:
    """Right: ranks share out one order of images, average their gradients, and one of them prints.

    In any form that trains, on any number of ranks, as one process would.
    """
    judge_sampler(make_sampler)
    torch.manual_seed(seed(56))
    judge_wrap(wrap, ConvNet())
    judge_logger(is_logger)
    return "ranks share the images, average the gradients, and one prints: as one process would"
