"""What a student's loop of task 3.5 or 3.6 did wrong, from the error it stopped with."""

from helpers.checks.core.known_mistakes import Advice, advice_on
from helpers.checks.full_cnn.loop_recorder import SIZES, Record

OTHER_DATA = (
    "{name} goes through other data than the loader it is given. Use the argument: "
    "for X, y in dataloader."
)

_NO_TENSOR = (
    "== compared two things of different kinds and gave a single truth value. max(dim=1) returns "
    "two things, the highest scores and their classes; argmax(dim=1) gives the classes alone."
)

# A piece of Python's or PyTorch's message, and what to say in its place.
ADVICE: Advice = (
    (f"The size of tensor a ({SIZES[0]}) must match the size of tensor b ({SIZES[-1]})",
     "the values of one batch were added to those of another, which is smaller. First make one "
     "number of each batch: .sum() adds up all its values."),
    ("'type' object does not support the context", "what stands after with is a class, without "
     "its parentheses. Write with torch.no_grad():."),
    ("context manager protocol", "what stands after with is nothing that with can enter. Write "
     "with torch.no_grad(): and call model.eval() in a line of its own."),
    ("'bool' object has no attribute 'sum'", _NO_TENSOR),
    ("'bool' object has no attribute 'float'", _NO_TENSOR),
    ("'bool' object has no attribute 'type'", _NO_TENSOR),
    ("'int' object has no attribute 'to'", "a number was to be moved to the device, where a tensor "
     "was expected. Does it come from enumerate, which counts, too? Write for batch, (X, y) in "
     "enumerate(dataloader), or leave enumerate out."),
    ("cannot unpack non-iterable int", "a number cannot be taken apart into two things. If it was "
     "to be a batch, loop over the loader itself: for X, y in dataloader."),
    ("too many values to unpack", "something with more parts was to be taken apart than there are "
     "names for. A loader is taken batch by batch, each with two parts: for X, y in dataloader."),
    ("'float' object has no attribute 'backward'", "backward() was called on a plain number, which "
     "knows no gradients. Call it on the loss as loss_fn returns it, and take .item() only "
     "afterwards, for adding up."),
    ("'NotingLoss' object has no attribute 'backward'", "loss_fn only computes the loss. Keep "
     "what it returns, loss = loss_fn(...), and call backward() on that."),
    ("has no attribute 'step'", "step() belongs to the optimizer: call optimizer.step()."),
    ("has no attribute 'train'", "train() belongs to the network, as in model.train()."),
    ("has no attribute 'eval'", "eval() belongs to the network, as in model.eval()."),
    ("backward through the graph a second time", "backward() was called twice for the same "
     "batch, or on a sum that still holds the loss of a batch before. Call it once for each "
     "batch, on the loss of this batch alone."),
    ("missing 2 required positional arguments: 'input' and 'target'",
     "loss_fn was called with nothing in its parentheses. It takes two things: the scores, and "
     "then the labels."),
)  # fmt: skip

# Our own classes under the names that the student knows.
KNOWN_AS = {
    "'NotingSGD'": "'SGD'",
    "'NotingLoss'": "'CrossEntropyLoss'",
    "NotingLoss.forward()": "loss_fn",
    "'TinyNet'": "'ConvNet'",
    "'Loader'": "'DataLoader'",
}


def why_it_raised(message: str, record: Record, name: str) -> str:
    """What to tell a student whose loop ``name`` stopped with ``message``."""
    if "more than" in message and "started" in message:
        return (
            f"{name} never ends: it starts the loader again and again. "
            "One call is one epoch: a single for loop over dataloader."
        )
    if "more than" in message and "was called" in message:
        if not record.passes:
            return OTHER_DATA.format(name=name)
        return (
            f"{name} never ends: it calls the network again and again. "
            "One call is one epoch: a single for loop over dataloader, one model(X) in it."
        )
    if name == "test_loop" and ("backward" in message or "does not require grad" in message):
        return "a test computes no gradients. Leave out backward(), and the optimizer with it."
    if name == "test_loop" and "has no attribute 'step'" in message:
        return "a test takes no steps, and is given no optimizer. Leave out step()."
    if "does not require grad" in message:
        if record.with_gradients and not any(record.with_gradients):
            return (
                "there is no gradient to compute: gradients were off when the network was called, "
                "as under torch.no_grad(). That belongs into the test; in training, leave it out."
            )
        return (
            "the loss does not know how it was computed, so there is no gradient. Give loss_fn "
            "the scores as model returns them, without detach(), and call backward() on the loss."
        )
    if "size of tensor a (10)" in message or "size of tensor b (10)" in message:
        return (
            "ten numbers were compared with one label for each image. Compare the labels with the "
            "class that has the highest score: argmax finds it, along the dimension of the "
            "classes, not along that of the images."
        )
    advice = advice_on(message, ADVICE)
    if advice:
        return advice
    for ours, theirs in KNOWN_AS.items():
        message = message.replace(ours, theirs)
    return message
