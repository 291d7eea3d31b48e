"""From the solutions to marks: the assignment that students get, and the grading of what they send.

``release`` makes an nbgrader assignment of the solutions, which ``assignment`` reads again.
``grade`` marks a folder of ``submissions``: it hands each answer to one of the ``engines``, a
sandbox, and turns what that says into ``marks``. These become pages and a table (``feedback``) and
nbgrader's own book (``gradebook``). Lessons are read by ``authoring.lesson``.

``grading.sandbox`` is all that runs beside an answer, where there is no gradebook, no solution on
the disk and no network. It imports ``helpers`` and itself alone.
"""
