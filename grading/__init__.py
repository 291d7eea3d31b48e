"""From the solutions to marks: the assignment that students get, and the grading of what they send.

``release`` makes an nbgrader assignment; ``grade`` marks a folder of submissions. Of the rest,
``protocol`` is what both sides of the sandbox know; ``lesson``, ``rules``, ``images``,
``integrity``, ``isolation`` and ``judge`` also work inside it, where there is no gradebook,
no solution on the disk and no network.
"""
