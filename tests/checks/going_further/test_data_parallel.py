"""The check of Task 5.6: right ways, mistakes and their messages, blanks, traces."""

import copy
import random

import pytest
import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    DistributedSampler,
    RandomSampler,
    Sampler,
    Subset,
)

from helpers import checks
from helpers.checks.going_further.simulated_ranks import joined
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
    with joined(1):
        DistributedDataParallel(nn.Linear(1, 1))


# ------------------------------------------------------------------------------ right ways


def shuffled(dataset, epoch):
    return torch.randperm(len(dataset), generator=torch.Generator().manual_seed(epoch))


def by_slices(dataset, rank, world_size, epoch):
    """What is left over is left out."""
    order = shuffled(dataset, epoch)
    return order[: len(order) // world_size * world_size][rank::world_size]


def by_rows(dataset, rank, world_size, epoch):
    each = len(dataset) // world_size
    return shuffled(dataset, epoch)[: each * world_size].reshape(each, world_size)[:, rank]


def by_list(dataset, rank, world_size, epoch):
    """What is missing to equal shares is taken once more."""
    places = list(range(len(dataset)))
    random.Random(epoch).shuffle(places)
    places += places[: -len(places) % world_size]
    return [places[i] for i in range(rank, len(places), world_size)]


def by_yield(dataset, rank, world_size, epoch):
    torch.manual_seed(1000 + epoch)
    order = torch.randperm(len(dataset)).tolist()
    for number, place in enumerate(order[: len(order) - len(order) % world_size]):
        if number % world_size == rank:
            yield place


def with_seed(dataset, rank, world_size, epoch):
    return DistributedSampler(dataset, world_size, rank, seed=7 + epoch, drop_last=True)


class Turns(Sampler):
    """A sampler of the student's own."""

    def __init__(self, dataset, rank, world_size, epoch):
        self.places = by_slices(dataset, rank, world_size, epoch).tolist()

    def __iter__(self):
        return iter(self.places)


@pytest.mark.parametrize(
    "sampler",
    [
        make_sampler,
        by_slices,
        by_rows,
        by_list,
        by_yield,
        with_seed,
        Turns,
        lambda dataset, rank, world_size, epoch: SubsetInOrder(
            by_list(dataset, rank, world_size, epoch)
        ),
        lambda dataset, rank, world_size, epoch: by_slices(
            dataset, rank, world_size, epoch
        ).numpy(),
    ],
)
def test_samplers_right(sampler):
    assert_passes(checks.data_parallel, sampler, wrap, is_logger)


class SubsetInOrder(Sampler):
    def __init__(self, places):
        self.places = places

    def __iter__(self):
        yield from self.places


class OwnWrapper(DistributedDataParallel):
    """A student's own name for it."""


def with_options(model):
    return DistributedDataParallel(
        model, static_graph=True, bucket_cap_mb=1, gradient_as_bucket_view=True
    )


def ranks():
    return distributed.get_world_size()


def hooked(hook):
    """``wrap`` with ``hook(gradient)`` on each parameter."""

    def wrap(model):
        for parameter in model.parameters():
            parameter.register_hook(lambda gradient: hook(gradient.clone()))
        return model

    return wrap


def summed(gradient, *operation):
    distributed.all_reduce(gradient, *operation)
    return gradient


def gathered(gradient):
    every = [torch.empty_like(gradient) for _ in range(ranks())]
    distributed.all_gather(every, gradient)
    return torch.stack(every).mean(0)


def gathered_in_one(gradient):
    every = torch.empty(ranks(), gradient.numel())
    name = "all_gather_single"  # before PyTorch 2.12: all_gather_into_tensor
    gather = getattr(distributed, name, None) or distributed.all_gather_into_tensor
    gather(every, gradient.flatten())
    return every.mean(0).view_as(gradient)


def by_the_first(gradient):
    distributed.reduce(gradient, 0)
    distributed.broadcast(gradient, 0)
    return gradient / ranks()


def waited_for(gradient):
    distributed.all_reduce(gradient, async_op=True).wait()
    return gradient.div_(ranks())


class Averaged(nn.Module):
    """A module of the student's own."""

    def __init__(self, model):
        super().__init__()
        self.module = model
        for parameter in model.parameters():
            distributed.broadcast(parameter.data, src=0)
            parameter.register_post_accumulate_grad_hook(self.average)

    def average(self, parameter):
        distributed.all_reduce(parameter.grad)
        parameter.grad /= distributed.get_world_size()

    def forward(self, x):
        return self.module(x)


def all_in_one_message(model):
    """When the last gradient is there, all of them are sent together."""
    parameters, there = list(model.parameters()), []

    def send(parameter):
        there.append(parameter)
        if len(there) == len(parameters):
            flat = summed(nn.utils.parameters_to_vector([p.grad for p in parameters])) / ranks()
            nn.utils.vector_to_parameters(flat, [p.grad for p in parameters])
            there.clear()

    for parameter in parameters:
        parameter.register_post_accumulate_grad_hook(send)
    return model


def after_a_barrier(model):
    distributed.barrier()
    return DistributedDataParallel(model) if ranks() > 1 else model


RIGHT_WRAPPERS = {
    "options": with_options,
    "class": DistributedDataParallel,
    "own name": OwnWrapper,
    "on the processor": lambda model: wrap(model.cpu()),
    "the mean": hooked(lambda g: summed(g) / ranks()),
    "divided first": hooked(lambda g: summed(g / ranks())),
    "AVG": hooked(lambda g: summed(g, distributed.ReduceOp.AVG)),
    "gathered": hooked(gathered),
    "gathered in one": hooked(gathered_in_one),
    "by the first": hooked(by_the_first),
    "waited for": hooked(waited_for),
    "own module": Averaged,
    "all in one message": all_in_one_message,
    "after a barrier": after_a_barrier,
}


@pytest.mark.parametrize("wrapper", RIGHT_WRAPPERS.values(), ids=RIGHT_WRAPPERS)
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


def all_dealt_out(dataset, rank, world_size, epoch):
    return shuffled(dataset, epoch)[rank::world_size]


def counted_by_turns(dataset, rank, world_size, epoch):
    order = shuffled(dataset, epoch).tolist()
    return [place for number, place in enumerate(order) if number % world_size == rank]


def in_chunks(dataset, rank, world_size, epoch):
    return torch.tensor_split(shuffled(dataset, epoch), world_size)[rank]


def completed_beyond(dataset, rank, world_size, epoch):
    """What is missing to equal shares are places that are not there."""
    order = shuffled(dataset, epoch).tolist()
    order += range(len(order), len(order) + -len(order) % world_size)
    return order[rank::world_size]


def a_few(dataset, rank, world_size, epoch):
    return by_slices(dataset, rank, world_size, epoch)[: 10 if world_size > 1 else None]


def turns_in_the_second_half(dataset, rank, world_size, epoch):
    order, half = shuffled(dataset, epoch), len(dataset) // 2
    tail = torch.cat([order[half:].flip(0)]) if world_size > 1 else order[half:]
    order = torch.cat([order[:half], tail])
    return order[: len(order) // world_size * world_size][rank::world_size]


def one_more(dataset, rank, world_size, epoch):
    sampler = DistributedSampler(dataset, num_replicas=world_size, rank=rank + 1)
    sampler.set_epoch(epoch)
    return sampler


def one_less(dataset, rank, world_size, epoch):
    return DistributedSampler(dataset, num_replicas=world_size - 1, rank=rank)


def returns_what_set_epoch_returns(dataset, rank, world_size, epoch):
    sampler = DistributedSampler(dataset, num_replicas=world_size, rank=rank)
    return sampler.set_epoch(epoch)


def without_return(dataset, rank, world_size, epoch):
    sampler = DistributedSampler(dataset, num_replicas=world_size, rank=rank)
    sampler.set_epoch(epoch)


def list_without_return(dataset, rank, world_size, epoch):
    shuffled(dataset, epoch).tolist()


def no_epoch(dataset, rank, world_size, epoch):
    return DistributedSampler(dataset, num_replicas=world_size, rank=rank)


def no_epoch_if_several(dataset, rank, world_size, epoch):
    return by_slices(dataset, rank, world_size, epoch if world_size == 1 else 0)


def not_shuffled(dataset, rank, world_size, epoch):
    return range(rank, len(dataset) // world_size * world_size, world_size)


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
    "sampler class": (DistributedSampler, "told that this is rank 1 of 0; it is rank 0 of 1"),
    "rank + 1": (
        one_more,
        "The sampler was told that this is rank 1 of 1; it is rank 0 of 1, counted from 0.",
    ),
    "world_size - 1": (one_less, "was told that this is rank 0 of 0; it is rank 0 of 1"),
    "rank of world_size": (
        lambda dataset, rank, world_size, epoch: DistributedSampler(dataset, rank, world_size),
        "it is rank 0 of 1, counted from 0. rank and world_size have changed places.",
    ),
    "what set_epoch returns": (
        returns_what_set_epoch_returns,
        "make_sampler returns None on rank 0 of 1 in epoch 0; expected is a sampler. "
        "set_epoch(epoch) itself returns None: return the sampler, in a line of its own",
    ),
    "no return": (without_return, "set_epoch(epoch) itself returns None"),
    "no return of a list": (list_without_return, "expected is a sampler. Return the sampler, in"),
    "all dealt out": (
        all_dealt_out,
        "4 ranks get 13, 13, 12 and 12 of 50 images; expected are equal shares of 12 or 13. A "
        "rank that has a step more to make than the others waits for them for ever. Leave out",
    ),
    "counted by turns": (counted_by_turns, "4 ranks get 13, 13, 12 and 12 of 50 images"),
    "in chunks": (in_chunks, "deal out in turn"),
    "beyond": (completed_beyond, "gives the place 50, but 50 images have the places 0 to 49."),
    "a few": (a_few, "each of 2 ranks gets 10 of 48 images; expected is a share of 24"),
    "later batches": (
        turns_in_the_second_half,
        "in step 4, the batches of all 2 ranks together hold other images",
    ),
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
        "The sampler was told that this is rank 1 of 1; it is rank 0 of 1",
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
    "unequal": (
        unequal,
        "2 ranks get 24 and 23 of 48 images; expected are equal shares of 24. A rank",
    ),
    "blocks": (halves, "deal out in turn"),
    "shuffled blocks": (blocks_then_shuffled, "deal out in turn"),
    "no epoch": (no_epoch, "call its set_epoch(epoch)"),
    "no epoch if several": (no_epoch_if_several, "call its set_epoch(epoch)"),
    "not shuffled": (not_shuffled, "Shuffle them"),
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


def of_the_first_only(gradient):
    return summed(gradient) / ranks() if distributed.get_rank() == 0 else gradient


def mean_for_the_first(gradient):
    found = gradient.clone()
    distributed.reduce(found, 0)
    return found / ranks() if distributed.get_rank() == 0 else gradient


def sent_by(rank):
    def send(gradient):
        distributed.broadcast(gradient, rank)
        return gradient

    return send


def different_calls(gradient):
    if distributed.get_rank() == 0:
        return summed(gradient)
    return sent_by(0)(gradient)


def hooks_on(chosen, hook=lambda g: summed(g) / ranks()):
    """Hooks on some of the parameters."""

    def wrap(model):
        for name, parameter in model.named_parameters():
            if chosen(name):
                parameter.register_hook(lambda gradient: hook(gradient.clone()))
        return model

    return wrap


def only_the_first_time(model):
    done = set()

    def hook(parameter):
        if parameter not in done:
            done.add(parameter)
            parameter.grad = summed(parameter.grad) / ranks()

    for parameter in model.parameters():
        parameter.register_post_accumulate_grad_hook(hook)
    return model


def averages_weights(model):
    """Before each step, in place of the gradients after it."""

    def average(module, inputs):
        for parameter in module.parameters():
            parameter.data = summed(parameter.data) / ranks()

    model.register_forward_pre_hook(average)
    return model


def looks_at_the_group(model):
    assert distributed.is_initialized() and ranks() > 0
    return model


def raises_on_the_second(model):
    if distributed.get_rank() == 1:
        raise KeyError("rank")
    return wrap(model)


def leaves_the_group(model):
    wrapped = wrap(model)
    distributed.destroy_process_group()
    return wrapped


def without_averaging(model):
    wrapped = wrap(model)
    wrapped.require_backward_grad_sync = False
    return wrapped


def without_a_gradient(model):
    def forget(parameter):
        parameter.grad = None

    model.conv_stack[0].bias.register_post_accumulate_grad_hook(forget)
    return model


class NotCallable(nn.Module):
    """The layers are there, but nothing calls them."""

    def __init__(self, model):
        super().__init__()
        self.model = model


OWN = "each rank has, for every parameter, the gradient of its own images alone; expected is the m"
WRAPPERS = {
    "no function": ("wrap", "wrap is the text 'wrap'; expected is a function"),
    "two arguments": (lambda model, rank: wrap(model), "it should work when called as wrap(model)"),
    "not wrapped": (lambda model: model, f"after backward(), with 2 ranks: {OWN}"),
    "looked at": (looks_at_the_group, OWN),
    "threads": (lambda model: nn.DataParallel(model), "knows nothing of other ranks"),
    "sequence": (lambda model: nn.Sequential(model), OWN),
    "weights": (lambda model: model.state_dict(), "expected is a network that is called as model"),
    "copy": (lambda model: wrap(copy.deepcopy(model)), "Wrap model itself"),
    "a layer alone": (lambda model: wrap(model.conv_stack), "has not the same parameters"),
    "layer more": (lambda model: wrap(nn.Sequential(model, nn.Softmax(1))), "gives other scores"),
    "changed": (changes_weights, "wrap changed the network's weights"),
    "frozen": (freezes, "wrap sets requires_grad to False for conv_stack.0.weight"),
    "no forward": (NotCallable, 'missing the required "forward" function'),
    "device": (
        lambda model: DistributedDataParallel(model, device_ids=[0]),
        "Leave device_ids out",
    ),
    "group": (joins_anew, "The processes are joined before wrap is called"),
    "another group": (
        lambda model: DistributedDataParallel(model, process_group=distributed.new_group()),
        "The check has no groups but the one of all ranks: take that one.",
    ),
    "meta": (lambda model: wrap(model.to("meta")), "raised"),
    "sum": (
        hooked(summed),
        "each rank has, for every parameter, the sum over all ranks; expected is the mean over all "
        "ranks. Divide the sum by the number of ranks",
    ),
    "sum in an own module": (
        type("Summed", (Averaged,), {"average": lambda self, p: distributed.all_reduce(p.grad)}),
        "for every parameter, the sum over all ranks",
    ),
    "halved": (
        hooked(lambda g: summed(g) / 2),
        "with one rank alone: each rank has, for every parameter, 0.5 times the mean",
    ),
    "halved if several": (
        hooked(lambda g: summed(g) / min(2, ranks())),
        "with 3 ranks: each rank has, for every parameter, 1.5 times the mean over all ranks",
    ),
    "divided twice": (
        hooked(lambda g: summed(g, distributed.ReduceOp.AVG) / ranks()),
        "0.5 times the mean over all ranks",
    ),
    "divided alone": (
        hooked(lambda g: g / ranks()),
        "0.5 times the gradient of its own images alone",
    ),
    "not handed back": (
        hooked(lambda g: distributed.all_reduce(g)),
        OWN,
    ),
    "one parameter": (
        hooks_on(lambda name: name == "conv_stack.0.weight"),
        "for conv_stack.0.bias, each rank has the gradient of its own images alone; expected is "
        "the mean over all ranks. Of 20 gradients, one for each parameter on each rank, 2 are "
        "right",
    ),
    "weights only": (
        hooks_on(lambda name: name.endswith("weight")),
        "Of 20 gradients, one for each parameter on each rank, 10 are right.",
    ),
    "linear layers only": (
        hooks_on(lambda name: name.startswith("linear")),
        "for conv_stack.0.weight, each rank has the gradient of its own images alone",
    ),
    "sum of the biases": (
        lambda model: hooks_on(lambda name: "weight" in name)(
            hooks_on(lambda name: "bias" in name, summed)(model)
        ),
        "for conv_stack.0.bias, each rank has the sum over all ranks; expected is the mean",
    ),
    "called on the first only": (
        hooked(of_the_first_only),
        "rank 0 in all_reduce would wait for ever: rank 1 has ended. In each step, every rank has",
    ),
    "mean for the first": (
        hooked(mean_for_the_first),
        "rank 0 has the mean over all ranks and rank 1 has the gradient of its own images alone; "
        "expected is the mean over all ranks. Of 20 gradients, one for each parameter on each rank"
        ", 10 are right.",
    ),
    "sent by the first": (
        hooked(sent_by(0)),
        "for conv_stack.0.weight, rank 0 has the gradient of its own images alone and rank 1 has "
        "the gradient of rank 0's images alone",
    ),
    "sent by the second": (hooked(sent_by(1)), "there is no rank 1"),
    "different calls": (
        hooked(different_calls),
        "rank 0 in all_reduce, rank 1 in broadcast would wait for ever: the ranks call different",
    ),
    "only the first time": (only_the_first_time, f"after a second backward(), with 2 ranks: {OWN}"),
    "weights averaged": (averages_weights, OWN),
    "raises on the second": (
        raises_on_the_second,
        "training with the wrapped network raised KeyError on rank 1 of 2",
    ),
    "leaves": (leaves_the_group, "The processes stay joined while they train"),
    "no sync": (without_averaging, OWN),
    "zeros": (hooked(torch.zeros_like), "each rank has, for every parameter, a gradient of zeros"),
    "turned round": (hooked(lambda g: -summed(g) / ranks()), "-1 times the mean over all ranks"),
    "bit by bit": (
        hooked(lambda g: summed(g, distributed.ReduceOp.BAND)),
        "backward() raised RuntimeError on rank 0 of 1: Cannot use this ReduceOp here",
    ),
    "the largest": (
        hooked(lambda g: summed(g, distributed.ReduceOp.MAX)),
        "neither the mean over all ranks nor what the images of one rank give",
    ),
    "forgotten": (
        without_a_gradient,
        "for conv_stack.0.bias, each rank has no gradient; expected is",
    ),
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
