"""What the check of task 5.6 asks of the three functions that make a training a distributed one."""

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, TensorDataset

from helpers.checks.core.calling import call_student, judge_arguments, judge_function
from helpers.checks.core.checking import check
from helpers.checks.core.describing import describe, listed
from helpers.checks.core.known_mistakes import Advice
from helpers.checks.core.outcomes import Incorrect
from helpers.checks.core.seeds import seed
from helpers.checks.core.values import close, whole_number
from helpers.checks.going_further.student_networks import images_for
from helpers.distributed import ranks
from helpers.models import ConvNet

NUM_IMAGES = 48  # for 1, 2 and 4 ranks a whole number of images each
BATCH_SIZE = 8  # of all ranks together

# Parts of error messages, and what to try then.
SAMPLER_ADVICE: Advice = (
    ("process group", "Hand num_replicas=world_size and rank=rank to the sampler, so that it "
     "need not ask."),
    ("Invalid rank", "Which argument is the number of all ranks, and which the number of this "
     "one?"),
)  # fmt: skip
WRAP_ADVICE: Advice = (
    ("device_ids", "Leave device_ids out: the network lies on one device, and that is enough."),
    ("process group", "The processes are joined before wrap is called: leave that out."),
)  # fmt: skip


def judge_sampler(make_sampler) -> None:
    """Raise unless the ranks share out one order of all images, another one in each epoch.

    Rank ``r`` of ``n`` must get each ``n``-th place from place ``r`` on, in any form: only then do
    all ranks together have in each step the batch that one process would have.
    """
    judge_function(make_sampler, "make_sampler")
    judge_arguments(make_sampler, "make_sampler", ("dataset", "rank", "world_size", "epoch"))
    dataset = TensorDataset(torch.zeros(NUM_IMAGES, 1), torch.zeros(NUM_IMAGES))
    whole = _places(make_sampler, dataset, 0, 1, 0)
    _judge_all(whole)
    if _places(make_sampler, dataset, 0, 1, 0) != whole:
        raise Incorrect(
            "two calls of make_sampler with the same arguments give different orders, so that two "
            "ranks would not agree. Let the order depend on the epoch alone: set_epoch(epoch), or "
            "a generator with the seed epoch."
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
    given = call_student(
        make_sampler, dataset, rank, size, epoch, on=on, again=rank + size + epoch > 1,
        advice=SAMPLER_ADVICE,
    )  # fmt: skip
    if isinstance(given, DataLoader):
        raise Incorrect(
            "make_sampler returns a DataLoader; expected are only the places of the images: a "
            "sampler. Which images lie there is looked up later."
        )
    try:
        places = [place for _, place in zip(range(10 * NUM_IMAGES), given, strict=False)]
    except Exception as error:
        raise Incorrect(
            f"make_sampler returned {describe(given)} on {on}, and one cannot go through it "
            f"({type(error).__name__}). Return a sampler, or the places of images in a list."
        ) from None
    return [
        whole_number(place, f"an entry of what make_sampler returned on {on}") for place in places
    ]


def _judge_all(places: list[int]) -> None:
    """One rank of one has all images."""
    wrong = [place for place in places if not 0 <= place < NUM_IMAGES]
    if wrong:
        raise Incorrect(
            f"make_sampler gives the place {wrong[0]}, but {NUM_IMAGES} images have the places 0 "
            f"to {NUM_IMAGES - 1}."
        )
    if sorted(places) != list(range(NUM_IMAGES)):
        raise Incorrect(
            f"one rank alone should see each of {NUM_IMAGES} images once; it gets {len(places)} "
            f"places, {len(set(places))} of them different. With DistributedSampler, give "
            "num_replicas=world_size and rank=rank."
        )


def _judge_shares(shares: list[list[int]], whole: list[int]) -> None:
    """The ``shares`` of all ranks are the ``whole``, dealt out in turn."""
    size = len(shares)
    sizes = [len(share) for share in shares]
    if sizes == [len(whole)] * size:
        raise Incorrect(
            f"each of {size} ranks sees all {len(whole)} images: all would do the same work. Give "
            f"each a share of {len(whole) // size}, with the help of rank and world_size."
        )
    if set(sizes) != {len(whole) // size}:
        raise Incorrect(
            f"{size} ranks get {listed(sizes)} of {len(whole)} images; expected are "
            f"{len(whole) // size} for each. A rank with more batches than the others would wait "
            "for them for ever."
        )
    for rank, share in enumerate(shares[1:], start=1):
        common = set(share) & set(shares[0])
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
    together = [set().union(*(share[i : i + part] for share in shares)) for i in (0, part)]
    expected = [set(whole[i : i + BATCH_SIZE]) for i in (0, BATCH_SIZE)]
    if together != expected:
        raise Incorrect(
            f"the first batch of all {size} ranks together holds other images than the first batch "
            "of one process, so that their weights cannot be equal. Shuffle as for one process, "
            "and deal out in turn: rank 0 takes the first place, rank 1 the next one, as "
            "order[rank::world_size] does."
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


@contextmanager
def process_group() -> Iterator[None]:
    """A group of one process, without any network; nothing if there is a group already."""
    if distributed.is_initialized():
        yield
        return
    os.environ.update(ranks.LOOPBACK)
    distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
    try:
        yield
    finally:
        distributed.destroy_process_group()


def judge_wrap(wrap, model: nn.Module, images: torch.Tensor) -> None:
    """Raise unless ``wrap`` returns DistributedDataParallel around the ``model`` that it is given.

    ``model`` is a new network on the CPU; a process group must be there.
    """
    judge_function(wrap, "wrap")
    judge_arguments(wrap, "wrap", ("model",))
    scores = model(images).detach()
    given = list(model.parameters())
    values = [p.detach().clone() for p in given]
    wrapped = call_student(wrap, model, on="a network", advice=WRAP_ADVICE)
    if isinstance(wrapped, nn.DataParallel):
        raise Incorrect(
            "wrap returned nn.DataParallel, which shares a batch out to GPUs within one process "
            "and knows nothing of other ranks. Take DistributedDataParallel."
        )
    if wrapped is model:
        raise Incorrect(
            "wrap returned the network as it was: nothing averages the gradients, and each rank "
            "trains for itself. Return DistributedDataParallel(model)."
        )
    if not isinstance(wrapped, DistributedDataParallel):
        raise Incorrect(
            f"wrap returned {describe(wrapped)}; expected is the network in a "
            "DistributedDataParallel, which averages the gradients of all ranks."
        )
    if [id(p) for p in wrapped.parameters()] != [id(p) for p in given]:
        raise Incorrect(
            "wrap returned another network than the one it was given, so that the given one would "
            "learn nothing. Wrap model itself, no new network and no copy."
        )
    if not all(torch.equal(p, value) for p, value in zip(given, values, strict=True)):
        raise Incorrect("wrap changed the network's weights. Only wrap it; training comes later.")
    found = call_student(wrapped, images, on="a batch of images")
    if not close(found, scores):
        raise Incorrect(
            "the wrapped network gives other scores than the network itself. Wrap it as it is, "
            "without further layers."
        )
    found.sum().backward()
    frozen = [name for name, p in model.named_parameters() if p.grad is None]
    if frozen:
        raise Incorrect(
            f"after backward() there is no gradient for {frozen[0]}. Leave requires_grad as it is."
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
    model = ConvNet()
    with process_group():
        judge_wrap(wrap, model, images_for(model, 4))
    judge_logger(is_logger)
    return "ranks share the images, average the gradients, and one prints: as one process would"
