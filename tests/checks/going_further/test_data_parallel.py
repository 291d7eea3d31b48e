"""The check of Task 5.6: right ways, mistakes and their messages, blanks, traces."""

import copy
import random

import pytest
import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import BatchSampler, DataLoader, DistributedSampler, RandomSampler, Subset

from helpers import checks
from tests.checks.answers import is_logger, make_sampler, wrap
from tests.checks.tables import (
    Liar,
    assert_blank,
    assert_incorrect,
    assert_no_trace,
    assert_passes,
)

pytestmark = pytest.mark.skipif(
    not distributed.is_available(), reason="this PyTorch is built without torch.distributed"
)


@pytest.fixture(autouse=True, scope="module")
def _wrapped_once():
    """The first one of a process imports much of PyTorch; in the notebook, training did so."""
    store = distributed.HashStore()
    distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    DistributedDataParallel(nn.Linear(1, 1))
    distributed.destroy_process_group()


# ------------------------------------------------------------------------------ right ways


def by_slices(dataset, rank, world_size, epoch):
    generator = torch.Generator().manual_seed(epoch)
    return torch.randperm(len(dataset), generator=generator)[rank::world_size]


def by_list(dataset, rank, world_size, epoch):
    places = list(range(len(dataset)))
    random.Random(epoch).shuffle(places)
    return [places[i] for i in range(rank, len(places), world_size)]


def by_yield(dataset, rank, world_size, epoch):
    torch.manual_seed(1000 + epoch)
    for number, place in enumerate(torch.randperm(len(dataset)).tolist()):
        if number % world_size == rank:
            yield place


def with_seed(dataset, rank, world_size, epoch):
    return DistributedSampler(dataset, world_size, rank, seed=7 + epoch, drop_last=True)


@pytest.mark.parametrize("sampler", [make_sampler, by_slices, by_list, by_yield, with_seed])
def test_samplers_right(sampler):
    assert_passes(checks.data_parallel, sampler, wrap, is_logger)


class OwnWrapper(DistributedDataParallel):
    """A student's own name for it."""


def with_options(model):
    return DistributedDataParallel(
        model, static_graph=True, bucket_cap_mb=1, gradient_as_bucket_view=True
    )


@pytest.mark.parametrize(
    "wrapper", [with_options, DistributedDataParallel, OwnWrapper, lambda model: wrap(model.cpu())]
)
def test_wrappers_right(wrapper):
    assert_passes(checks.data_parallel, make_sampler, wrapper, is_logger)


def only_if_first(rank):
    if rank == 0:
        return True


@pytest.mark.parametrize(
    "logger", [only_if_first, lambda rank: not rank, lambda rank: torch.tensor(rank) == 0]
)
def test_loggers_right(logger):
    assert_passes(checks.data_parallel, make_sampler, wrap, logger)


def test_in_a_group_that_is_there_already():
    store = distributed.HashStore()
    distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    try:
        assert_passes(checks.data_parallel, make_sampler, wrap, is_logger)
        assert distributed.is_initialized(), "the group of somebody else was taken down"
    finally:
        distributed.destroy_process_group()


# -------------------------------------------------------------------------------- mistakes


def always_first(dataset, rank, world_size, epoch):
    return by_slices(dataset, 0, world_size, epoch)


def halves(dataset, rank, world_size, epoch):
    """Each rank a block of its own, of one shuffled order."""
    return by_slices(dataset, 0, 1, epoch).chunk(world_size)[rank]


def blocks_then_shuffled(dataset, rank, world_size, epoch):
    """Each rank shuffles a block of its own."""
    block = torch.arange(len(dataset)).chunk(world_size)[rank]
    return block[torch.randperm(len(block), generator=torch.Generator().manual_seed(epoch))]


def seed_by_rank(dataset, rank, world_size, epoch):
    return DistributedSampler(dataset, world_size, rank, seed=10 * rank + epoch)


def without_a_seed(dataset, rank, world_size, epoch):
    return torch.randperm(len(dataset))[rank::world_size]


def by_pythons_random(dataset, rank, world_size, epoch):
    places = list(range(len(dataset)))
    random.shuffle(places)
    return places[rank::world_size]


def unequal(dataset, rank, world_size, epoch):
    """The last rank gets one image less."""
    return by_slices(dataset, rank, world_size, epoch)[: None if rank == 0 else -1]


def no_epoch(dataset, rank, world_size, epoch):
    return DistributedSampler(dataset, num_replicas=world_size, rank=rank)


def no_epoch_if_several(dataset, rank, world_size, epoch):
    return by_slices(dataset, rank, world_size, epoch if world_size == 1 else 0)


def set_to_the_rank(dataset, rank, world_size, epoch):
    sampler = DistributedSampler(dataset, num_replicas=world_size, rank=rank)
    sampler.set_epoch(rank)
    return sampler


def half_of_the_images(dataset, rank, world_size, epoch):
    return DistributedSampler(dataset, num_replicas=2, rank=0)


def counted_from_one(dataset, rank, world_size, epoch):
    return 1 + by_slices(dataset, rank, world_size, epoch)


SAMPLERS = {
    "no function": (
        DistributedSampler(range(4), 1, 0),
        "; expected is a function. Write it with def",
    ),
    "sampler class": (DistributedSampler, "Which argument is the number of all ranks"),
    "other order": (
        lambda dataset, world_size, rank, epoch: None,
        "the arguments of your make_sampler are in another order",
    ),
    "no epoch asked": (lambda dataset, rank, world_size: None, "it should work when called as"),
    "asks the group": (
        lambda dataset, rank, world_size, epoch: DistributedSampler(dataset),
        "Hand num_replicas=world_size and rank=rank",
    ),
    "swapped": (
        lambda dataset, rank, world_size, epoch: DistributedSampler(dataset, 1 + rank, world_size),
        "Which argument is the number of all ranks",
    ),
    "loader": (
        lambda dataset, rank, world_size, epoch: DataLoader(dataset),
        "make_sampler returns a DataLoader",
    ),
    "number": (lambda dataset, rank, world_size, epoch: rank, "one cannot go through it"),
    "batches": (
        lambda dataset, rank, world_size, epoch: BatchSampler(range(48), 8, False),
        "an entry of what make_sampler returned on rank 0 of 1 in epoch 0 is [0, 1, 2, 3",
    ),
    "images": (
        lambda dataset, rank, world_size, epoch: Subset(dataset, range(rank, 48, world_size)),
        "a whole number was expected",
    ),
    "from one": (counted_from_one, "gives the place 48, but 48 images have the places 0 to 47"),
    "always half": (half_of_the_images, "it gets 24 places, 24 of them different"),
    "twice": (
        lambda dataset, rank, world_size, epoch: list(range(48))[::2] * 2,
        "it gets 48 places, 24 of them different",
    ),
    "without end": (
        lambda dataset, rank, world_size, epoch: iter(int, 1),
        "it gets 480 places, 1 of them different",
    ),
    "all for each": (
        lambda dataset, rank, world_size, epoch: RandomSampler(dataset),
        "each of 2 ranks sees all 48 images",
    ),
    "same for each": (always_first, "ranks 0 and 1 of 2 see the same images"),
    "own seed": (seed_by_rank, "All ranks need the same order (the same seed)"),
    "epoch is rank": (set_to_the_rank, "All ranks need the same order (the same seed)"),
    "no seed": (without_a_seed, "All ranks need the same order (the same seed)"),
    "python's random": (by_pythons_random, "Let the order depend on the epoch alone"),
    "unequal": (unequal, "2 ranks get 24 and 23 of 48 images; expected are 24 for each"),
    "blocks": (halves, "deal out in turn"),
    "shuffled blocks": (blocks_then_shuffled, "deal out in turn"),
    "no epoch": (no_epoch, "call its set_epoch(epoch)"),
    "no epoch if several": (no_epoch_if_several, "call its set_epoch(epoch)"),
    "not shuffled": (
        lambda dataset, rank, world_size, epoch: range(rank, len(dataset), world_size),
        "Shuffle them",
    ),
    "liar": (lambda dataset, rank, world_size, epoch: Liar(), "one cannot go through it"),
}


@pytest.mark.parametrize(("sampler", "fragment"), SAMPLERS.values(), ids=SAMPLERS)
def test_samplers_wrong(sampler, fragment):
    assert_incorrect(checks.data_parallel, fragment, sampler, wrap, is_logger)


def changes_weights(model):
    nn.init.zeros_(model.conv_stack[0].weight)
    return wrap(model)


def freezes(model):
    model.conv_stack[0].requires_grad_(False)
    return wrap(model)


def joins_anew(model):
    distributed.init_process_group("gloo", rank=0, world_size=1)
    return wrap(model)


WRAPPERS = {
    "no function": ("wrap", "wrap is the text 'wrap'; expected is a function"),
    "two arguments": (lambda model, rank: wrap(model), "it should work when called as wrap(model)"),
    "not wrapped": (lambda model: model, "each rank trains for itself"),
    "threads": (lambda model: nn.DataParallel(model), "knows nothing of other ranks"),
    "sequence": (lambda model: nn.Sequential(model), "expected is the network in a Distributed"),
    "weights": (lambda model: model.state_dict(), "expected is the network in a Distributed"),
    "copy": (lambda model: wrap(copy.deepcopy(model)), "Wrap model itself"),
    "layer more": (lambda model: wrap(nn.Sequential(model, nn.Softmax(1))), "gives other scores"),
    "changed": (changes_weights, "wrap changed the network's weights"),
    "frozen": (freezes, "there is no gradient for conv_stack.0.weight"),
    "device": (
        lambda model: DistributedDataParallel(model, device_ids=[0]),
        "Leave device_ids out",
    ),
    "group": (joins_anew, "The processes are joined before wrap is called"),
    "meta": (lambda model: wrap(model.to("meta")), "raised"),
}


@pytest.mark.parametrize(("wrapper", "fragment"), WRAPPERS.values(), ids=WRAPPERS)
def test_wrappers_wrong(wrapper, fragment):
    assert_incorrect(checks.data_parallel, fragment, make_sampler, wrapper, is_logger)
    assert not distributed.is_initialized(), "the group of the check is still there"


class NoTruth:
    """Neither true nor false."""

    def __bool__(self):
        raise ValueError


LOGGERS = {
    "no function": (True, "is_logger is True (of type bool); expected is a function"),
    "other arguments": (lambda: True, "it should work when called as is_logger(rank)"),
    "all": (lambda rank: True, "would be printed 4 times"),
    "all but the first": (lambda rank: rank, "is_logger is true for ranks 1, 2 and 3"),
    "none": (lambda rank: False, "nothing would be printed"),
    "counted from one": (lambda rank: rank == 1, "Ranks count from 0"),
    "text": (lambda rank: "yes" if rank == 0 else "no", "expected is True or False"),
    "function": (lambda rank: is_logger, "expected is True or False"),
    "neither": (lambda rank: NoTruth(), "expected is True or False"),
    "prints": (lambda rank: print(rank), "prints something on rank 0, but returns nothing"),
    "raises": (lambda rank: 1 / (3 - rank), "raised ZeroDivisionError on rank 3"),
}


@pytest.mark.parametrize(("logger", "fragment"), LOGGERS.values(), ids=LOGGERS)
def test_loggers_wrong(logger, fragment):
    assert_incorrect(checks.data_parallel, fragment, make_sampler, wrap, logger)


# ------------------------------------------------------------------------- blanks and traces


def blank_sampler(dataset, rank, world_size, epoch): ...


def blank(value): ...


def test_blanks():
    def blank_wrap(model): ...

    def blank_logger(rank): ...

    assert_blank(checks.data_parallel, ..., wrap, is_logger)
    assert_blank(checks.data_parallel, make_sampler, None, is_logger)
    assert_blank(checks.data_parallel, make_sampler, wrap, ...)
    assert_blank(checks.data_parallel, blank_sampler, wrap, is_logger)
    assert_blank(checks.data_parallel, make_sampler, blank_wrap, is_logger)
    assert_blank(checks.data_parallel, make_sampler, wrap, blank_logger)


def test_it_leaves_no_trace():
    assert_no_trace(checks.data_parallel, make_sampler, wrap, is_logger)
    assert_no_trace(checks.data_parallel, by_pythons_random, wrap, is_logger)
    assert_no_trace(checks.data_parallel, by_yield, changes_weights, is_logger)
    assert not distributed.is_initialized()
