"""The steps of training behind ``training.fit``: replayed from a CUDA graph where that is possible.

On a GPU, a network as small as ours waits for Python: each step starts dozens of small computations
one by one. A CUDA graph starts all of them at once
(https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs).
"""

import random
from collections.abc import Callable, Iterable
from contextlib import nullcontext

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader

from helpers.network_modes import has_hooks
from helpers.training.batches import MemoryBatches
from helpers.training.settings import Loss

WARM_UP = 3  # steps before a graph is captured: by then, the optimizer has all of its buffers


class Stepper:
    """Trains ``model``, which is on one device, batch by batch.

    ``scheduler`` makes a step after each batch. ``augment`` changes the images; ``clip_norm`` is
    the longest that the gradient may be. ``mixed_precision`` computes in bfloat16 what may
    be (``torch.autocast``). ``compile_model`` compiles forward and backward for whole batches.

    On CUDA, whole batches of ``MemoryBatches`` are replayed from one graph. Step by step go the
    short last one, and all of what cannot be captured: a network that asks for a value in its
    forward, has hooks, or draws random numbers on the CPU; an optimizer that asks for values, as
    plain SGD does if a scheduler changes its rate.
    """

    def __init__(
        self,
        model: nn.Module,
        loss_fn: Callable,
        optimizer: torch.optim.Optimizer,
        *,
        scheduler=None,
        augment: Callable | None = None,
        clip_norm: float | None = None,
        mixed_precision: bool = False,
        compile_model: bool = False,
    ):
        self._model, self._optimizer = model, optimizer
        self._loss = Loss(model, loss_fn).of
        self._augment, self._clip_norm = augment, clip_norm
        self._scheduler, self._mixed_precision = scheduler, mixed_precision
        self._whole = torch.compile(self._loss) if compile_model else self._loss
        self.device = next(model.parameters()).device
        self._graph: torch.cuda.CUDAGraph | None = None
        self._until_capture = WARM_UP
        self._capturable = self.device.type == "cuda" and not (
            has_hooks(model)
            or any(hooks for name, hooks in vars(optimizer).items() if name.endswith("_hooks"))
        )
        # Capturing needs a stream of its own, and what is captured must have been on it before.
        self._stream = torch.cuda.Stream(self.device) if self._capturable else None
        if self._capturable:
            self._prepare_optimizer()

    @property
    def captured(self) -> bool:
        """Are whole batches replayed from a graph?"""
        return self._graph is not None

    def train(
        self, batches: MemoryBatches | DataLoader, each: Callable[[Iterable], Iterable] = iter
    ) -> float:
        """One pass over ``batches``; returns the mean loss per image, as ``training.train_loop``.

        ``each`` gets what is passed over, one item per batch, and may watch the pass.
        """
        self._model.train()
        if self._stream is None:
            return self._pass(batches, each)
        self._stream.wait_stream(torch.cuda.current_stream(self.device))
        try:
            with torch.cuda.stream(self._stream):
                return self._pass(batches, each)
        finally:
            torch.cuda.current_stream(self.device).wait_stream(self._stream)

    def replay(self) -> None:
        """The captured step once more, on the batch that it was given last."""
        self._graph.replay()

    def close(self) -> None:
        """Give the optimizer back as it was."""
        self._graph = None
        self._give_up()

    def _pass(self, batches: MemoryBatches | DataLoader, each: Callable) -> float:
        in_memory = isinstance(batches, MemoryBatches)
        size = batches.batch_size
        replayed = num_images = 0
        total = torch.zeros((), device=self.device)
        for part in each(batches.order() if in_memory else batches):
            if in_memory and len(part) == size and self._replays(batches, part):
                replayed += size
            else:
                images, labels = batches.take(part) if in_memory else part
                images, labels = images.to(self.device), labels.to(self.device)
                compute = self._whole if len(images) == size else self._loss
                total += self._step(compute, images, labels) * len(images)
                num_images += len(images)
            if self._scheduler is not None:
                self._scheduler.step()
        if in_memory:
            batches.prepare()
        if replayed:
            total += self._replayed_loss * size
            self._replayed_loss.zero_()
        if num_images + replayed == 0:
            raise ValueError("the loader gave no images to train on")
        return total.item() / (num_images + replayed)

    def _step(self, compute: Callable, images, labels) -> torch.Tensor:
        self._optimizer.zero_grad()
        if self._augment is not None:
            images = self._augmented(images)
        # Nothing that autocast converts is kept: in a graph, it would stay that of the first step.
        with (
            torch.autocast(self.device.type, torch.bfloat16, cache_enabled=False)
            if self._mixed_precision
            else nullcontext()
        ):
            loss = compute(images, labels)
        loss.backward()
        if self._clip_norm is not None:
            nn.utils.clip_grad_norm_(self._model.parameters(), self._clip_norm)
        self._optimizer.step()
        return loss.detach()

    @torch.no_grad()
    def _augmented(self, images: torch.Tensor) -> torch.Tensor:
        made = self._augment(images)
        if not isinstance(made, torch.Tensor) or made.shape[:1] != images.shape[:1]:
            kind = list(made.shape) if isinstance(made, torch.Tensor) else type(made).__name__
            raise ValueError(
                f"augment returns {kind} of images {list(images.shape)}, not as many images"
            )
        return made

    # ------------------------------------------------------------------------------ the graph

    def _replays(self, batches: MemoryBatches, indices: torch.Tensor) -> bool:
        """Train on a whole batch from the graph, if there is one or one can be made."""
        if not self._capturable:
            return False
        if self._graph is None:
            if self._until_capture == WARM_UP:
                self._before = self._beyond_graph()
            if self._until_capture > 0:
                self._until_capture -= 1
                return False
            self._capture(batches, indices)
            if self._graph is None:
                return False
        elif self._scheduler is not None and self._settings() != self._captured_settings:
            self._graph = None
            self._give_up()
            return False
        torch.index_select(batches.images, 0, indices, out=self._images)
        torch.index_select(batches.labels, 0, indices, out=self._labels)
        self.replay()
        return True

    def _capture(self, batches: MemoryBatches, indices: torch.Tensor) -> None:
        """Record one step, which computes nothing yet."""
        if self._beyond_graph() != self._before:
            self._give_up()  # the graph would repeat what was drawn or set for one step
            return
        self._images = batches.images.index_select(0, indices)
        self._labels = batches.labels.index_select(0, indices)
        self._replayed_loss = torch.zeros((), device=self.device)
        self._optimizer.zero_grad()  # so that the graph has gradients of its own
        graph = torch.cuda.CUDAGraph()
        generator = torch.cuda.default_generators[self.device.index]
        random_state = generator.clone_state()
        try:
            # Other threads of the kernel may go on using the GPU.
            with torch.cuda.graph(graph, stream=self._stream, capture_error_mode="thread_local"):
                loss = self._step(self._whole, self._images / 255, self._labels)
                self._replayed_loss += loss
            self._graph, self._captured_settings = graph, self._settings()
        except Exception:  # whatever it is, it will be seen again, or not, in the step as usual
            generator.graphsafe_set_state(random_state)  # the other one waits for the graph's end
            self._give_up()
            self._optimizer.zero_grad()

    def _beyond_graph(self) -> tuple:
        """What a graph does not see change: random numbers drawn on the CPU, and settings."""
        _, words, place, *_ = np.random.get_state()
        torch_state = torch.get_rng_state().numpy().tobytes()
        return random.getstate(), words.tobytes(), place, torch_state, self._settings()

    def _settings(self) -> list[dict]:
        """The optimizer's settings, without the learning rates, which the graph reads anew."""
        return [
            {key: value for key, value in group.items() if key not in ("params", "lr")}
            for group in self._optimizer.param_groups
        ]

    def _prepare_optimizer(self) -> None:
        """Keep in tensors on the GPU what changes from step to step: a graph reads these anew."""
        groups = self._optimizer.param_groups
        self._own = [(group.get("capturable"), group["lr"]) for group in groups]
        for group in groups:
            if "capturable" in group:
                group["capturable"] = True
                self._move_counts(group, self.device)
            if self._scheduler is not None and not isinstance(group["lr"], torch.Tensor):
                group["lr"] = torch.tensor(float(group["lr"]), device=self.device)

    def _give_up(self) -> None:
        """Go on step by step, with the optimizer as it came."""
        if not self._capturable:
            return
        self._capturable = False
        for group, (flag, rate) in zip(self._optimizer.param_groups, self._own, strict=True):
            if "capturable" in group:
                group["capturable"] = flag
                if not flag and not group.get("fused"):
                    self._move_counts(group, "cpu")
            if self._scheduler is not None and not isinstance(rate, torch.Tensor):
                group["lr"] = float(group["lr"])
        if self._scheduler is not None and hasattr(self._scheduler, "_last_lr"):
            self._scheduler._last_lr = [group["lr"] for group in self._optimizer.param_groups]

    def _move_counts(self, group: dict, device: torch.device | str) -> None:
        """Steps, and what is computed from their number."""
        for state in (self._optimizer.state.get(p, {}) for p in group["params"]):
            for name in ("step", "mu_product"):
                if isinstance(state.get(name), torch.Tensor):
                    state[name] = state[name].to(device)
