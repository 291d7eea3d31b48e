"""The same training on several processes, or on several machines: data parallelism.

Each process, a *rank*, has the whole network and a share of every batch; after each step the
gradients are averaged over all ranks, so that all networks stay equal (Li et al., 2020, *PyTorch
Distributed: Experiences on Accelerating Data Parallel Training*, VLDB 13 (12)).

``launch`` starts them from a notebook, with three functions that are written there. On the command
line, or on several machines, torchrun starts this module as each of the ranks. On one machine, and
on two, of which the first has the address 10.0.0.1 (the same on both but for ``--node-rank``):

    torchrun --standalone --nproc-per-node=2 -m helpers.distributed --student functions.py
    torchrun --nnodes=2 --node-rank=0 --nproc-per-node=1 --master-addr=10.0.0.1
        --master-port=29500 -m helpers.distributed --student functions.py

Each machine needs the images in its data folder before. ``GLOO_SOCKET_IFNAME`` names the network
interface to use, where a machine cannot look up its own name.
"""

from helpers.distributed.launching import (
    DistributedError,
    Run,
    device_for,
    largest_difference,
    launch,
    read_run,
)

__all__ = ["DistributedError", "Run", "device_for", "largest_difference", "launch", "read_run"]
