"""From the solutions to marks: the assignment that students get, and the grading of what they send.

``release`` makes an nbgrader assignment; ``grade`` marks a folder of submissions. Of the rest,
``lesson``, ``rules``, ``images``, ``integrity``, ``isolation`` and ``judge`` also work inside the
sandbox, where there is no nbgrader gradebook, no solution on the disk and no network.
"""
