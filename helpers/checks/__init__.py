"""Is this answer right, and if not, why? One package per notebook, one function per task.

``hint("3.5")`` helps with a task, ``solution("3.5")`` answers it, ``progress()`` tells how far a
notebook is done. Each check is declared where it stands: in the ``tasks`` of its notebook's
package, or in a file of its own name.
All of them have a name here.
"""

from importlib import import_module
from pkgutil import walk_packages

from IPython import get_ipython

from helpers.checks.core import declared
from helpers.checks.core.hints import hint as hint
from helpers.checks.core.last_runs import watch
from helpers.checks.core.outcomes import CheckError as CheckError
from helpers.checks.core.outcomes import Incorrect as Incorrect
from helpers.checks.core.outcomes import NotAnswered as NotAnswered
from helpers.checks.core.progress import progress as progress
from helpers.checks.core.seeds import other_inputs as other_inputs
from helpers.checks.core.solutions import solution as solution

for _module in walk_packages(__path__, f"{__name__}."):
    import_module(_module.name)
_CHECKS = {known.check.__name__: known.check for known in declared.tasks().values()}
globals().update(_CHECKS)

if (_shell := get_ipython()) is not None:
    watch(_shell)

_HELP = ("CheckError", "Incorrect", "NotAnswered", "hint", "other_inputs", "progress", "solution")
__all__ = sorted([*_HELP, *_CHECKS])
