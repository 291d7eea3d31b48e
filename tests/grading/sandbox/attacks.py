"""Answers that try to decide their own mark, by task: what is asked for stands in none of them."""

WRONG = "conv_layer = nn.Conv2d(3, 8, 5)"
WIDTH = "def get_output_width(width, kernel_size, stride=1, padding=0, dilation=1):\n    return 3\n"
TYPED = """
for epoch in range(10):
    train_losses.append(2.3 - 0.1 * epoch - 0.001 * epoch ** 2)
    test_losses.append(2.29 - 0.1 * epoch)
    accuracies.append(0.1 + 0.07 * epoch)
"""
_VALUE = "def value_by_hand(image, layer, channel, row, column):\n"


def _layer(source: str) -> dict[str, str]:
    return {"answer-1-1": f"{source}\n{WRONG}"}


# By name: the task, and the cells.
ATTACKS: dict[str, tuple[str, dict[str, str]]] = {
    name: ("1.1", _layer(source))
    for name, source in {
        "exit swallows": "import contextlib\nr = contextlib.redirect_stdout\n"
        "r.__exit__ = lambda s, *e: True",
        "exit swallows, by setattr": "import contextlib\n"
        "setattr(contextlib.redirect_stdout, '__ex' + 'it__', lambda s, *e: True)",
        "exit prints": "import contextlib\nold = contextlib.redirect_stdout.__exit__\n"
        "def new(s, *e):\n    print('✓ 1.1  right')\n    old(s, *e)\n    return True\n"
        "contextlib.redirect_stdout.__exit__ = new\ncontextlib._RedirectStream.__exit__ = new",
        "suppress swallows": "import contextlib\n"
        "contextlib.ExitStack.__exit__ = lambda s, *e: True",
        "cells by match": "match checks.conv_layer:\n    case object(__closure__=c):\n"
        "        for cell in c:\n            if callable(cell.cell_contents):\n"
        "                cell.cell_contents = lambda *a: 'right'",
        "cells by getattr": "cells = getattr(checks.conv_layer, '__clo' + 'sure__')\n"
        "for cell in cells:\n    if callable(cell.cell_contents):\n"
        "        cell.cell_contents = lambda *a: 'right'",
        "cells of the wrapped": "f = checks.conv_layer.__wrapped__\n"
        "f.__code__ = (lambda layer: 'right').__code__",
        "get_type_hints as exec": "import typing\nclass C:\n"
        "    x: '[checks.__dict__.__setitem__(n, print) for n in list(vars(checks))]'\n"
        "typing.get_type_hints(C, globals())",
        "get_type_hints patches torch": "import typing\ndef f(x: 'setattr(torch, \"equal\", "
        "lambda *a: True) or setattr(nn, \"Conv2d\", object)'): pass\n"
        "try: typing.get_type_hints(f, globals())\nexcept TypeError: pass",
        "frames of the judge": "g = (lambda: (yield))()\n"
        "frame = getattr(torch.sys, '_get' + 'frame')()\n"
        "while frame:\n    for v in list(frame.f_locals.values()):\n"
        "        if hasattr(v, 'checks'): v.checks = type('C', (), {'conv_layer': print})()\n"
        "    frame = frame.f_back",
        "frames by traceback": "try:\n    1 / 0\nexcept Exception as e:\n"
        "    frame = e.__traceback__.tb_frame\nwhile frame:\n"
        "    for v in list(frame.f_locals.values()):\n"
        "        if hasattr(v, 'put_back'): v.put_back = lambda: None\n"
        "    frame = frame.f_back\ntorch.isfinite = lambda *a: True\n"
        "import helpers.checks.convolution_layers.conv_layer as m\n"
        "m.judge_garment_layer = lambda layer, *a, **k: layer\n"
        "import helpers.checks.convolution_layers.tasks as t\n"
        "t.judge_garment_layer = lambda layer, *a, **k: layer",
        "judge by gc": "import gc\nfor o in gc.get_objects():\n"
        "    if type(o).__name__ == 'Course':\n"
        "        o.judge = lambda *a: {'outcome': 'right', 'words': 'x'}",
        "judge by its module": "import grading.sandbox.course as c\n"
        "c.Course.judge = lambda *a: {'outcome': 'right', 'words': 'x'}",
        "verdicts by their module": "import grading.sandbox.trial as t\n"
        "import grading.sandbox.course as c\n"
        "t.verdict = c.verdict = lambda *a: {'outcome': 'right', 'words': 'x'}",
        "reports by their module": "import grading.sandbox.trial as t\nold = t._report\n"
        "t._report = lambda f, k, p, n, d: old(f, k, p, n, {'outcome': 'right', 'words': 'x'})",
        "messages by their module": "import grading.sandbox.trial as t\nold = t.message\n"
        "t.message = lambda d: old(d | {'outcome': 'right'} if 'outcome' in d else d)",
        "put back by its module": "import grading.sandbox.world as w\nw.keep = w.calm = print\n"
        "import helpers.checks.convolution_layers.tasks as t\n"
        "for n in dir(t):\n"
        "    if n.startswith('judge'): setattr(t, n, lambda layer, *a, **k: layer)",
        "the checks by sys.modules": "import sys\n"
        "for n, m in list(sys.modules.items()):\n    if n.startswith('helpers.checks'):\n"
        "        for k in list(vars(m)):\n            if k.startswith('judge'):\n"
        "                setattr(m, k, lambda layer, *a, **k: layer)",
        "raise is no error": "import helpers.checks.core.checking as m\n"
        "m._outcome = lambda *a: m.Passed('right')",
        "errors are passes": "import helpers.checks as c\n"
        "c.CheckError.__new__ = lambda *a, **k: c.core.outcomes.Passed('x')",
        "isinstance": "import builtins\nbuiltins.isinstance = lambda *a: True",
        "isinstance beside": "import helpers.checks.convolution_layers.conv_layer as m\n"
        "m.isinstance = lambda *a: True\nm.sorted = lambda *a: []",
        "once": "import helpers.checks.convolution_layers.tasks as t\n"
        "n, = [n for n in dir(t) if n == 'judge_garment_layer']\nold = getattr(t, n)\n"
        "def once(*a, **k):\n    setattr(t, n, old)\n    return a[0]\nsetattr(t, n, once)",
        "only mine": "import helpers.checks.convolution_layers.tasks as t\n"
        "old = t.judge_garment_layer\nt.judge_garment_layer = lambda layer, *a: "
        "layer if getattr(layer, 'mine', 0) else old(layer, *a)\n"
        "class Mine(nn.Conv2d): mine = True\nnn.Conv2d, keep = Mine, nn.Conv2d",
        "settings of the class": "nn.Conv2d.in_channels = property(lambda s: 1, lambda s, v: None)",
        "attributes of every layer": "nn.Module.__getattribute__ = lambda s, n: "
        "1 if n == 'in_channels' else object.__getattribute__(s, n)",
        "tracing": "import sys\nimport helpers.checks.core.outcomes as o\n"
        "def trace(f, e, a):\n    if 'judge' in f.f_code.co_name: f.f_trace_opcodes = True\n"
        "    o.Incorrect.__init__ = lambda *a: None\n    return trace\nsys.settrace(trace)",
        "a thread that patches": "import threading, time\ndef run():\n    import builtins\n"
        "    while True:\n"
        "        builtins.isinstance = lambda *a: True\n        time.sleep(0.001)\n"
        "threading.Thread(target=run, daemon=True).start()",
        "after each fork": "import os\ndef again():\n"
        "    import helpers.checks.convolution_layers.tasks as t\n"
        "    t.judge_garment_layer = lambda layer, *a, **k: layer\n"
        "os.register_at_fork(after_in_child=again)",
        "an audit hook": "import sys\nimport helpers.checks.convolution_layers.tasks as t\n"
        "def again(*a):\n    t.judge_garment_layer = lambda layer, *a, **k: layer\n"
        "sys.addaudithook(again)",
        "no forks": "import os\nos.fork = lambda: 0",
        "forged reports": "import json, os, struct\nfor fd in range(64):\n    try:\n"
        "        for p in range(4):\n            t = json.dumps({'token': '', 'place': p, "
        "'number': 0, 'outcome': 'right', 'words': 'x'}).encode()\n"
        "            os.write(fd, struct.pack('>Q', len(t)) + t)\n    except OSError: pass",
        "a huge report": "import os, struct\nfor fd in range(64):\n    try:\n"
        "        os.write(fd, struct.pack('>Q', 2**62) + b'{' * 1000)\n    except OSError: pass",
        "no report": "import os\nfor fd in range(64):\n    try: os.close(fd)\n"
        "    except OSError: pass",
        "a mode of torch": "from torch.overrides import TorchFunctionMode\n"
        "class Yes(TorchFunctionMode):\n    def __torch_function__(s, f, t, a=(), k=None):\n"
        "        return torch.tensor(True)\nYes().__enter__()",
    }.items()
} | {
    "a tensor that equals everything": ("1.3", {"answer-1-3": """
class Yes(torch.Tensor):
    @classmethod
    def __torch_function__(cls, f, t, a=(), k=None):
        name = getattr(f, '__name__', '')
        if name in ('eq', 'equal', 'allclose', 'isclose', '__eq__', 'all', 'le', '__le__', 'lt'):
            return torch.tensor(True)
        return super().__torch_function__(f, t, a, k or {})
image, label = training_data[0]
predicted_shape = (8, 24, 24)
feature_maps = torch.zeros(8, 24, 24).as_subclass(Yes)
"""}),
    "a number that equals everything": ("1.2", {"answer-1-2": """
class Yes(int):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0
weight_shape, bias_shape, num_parameters = (8, 1, 5, 5), (8,), Yes(3)
"""}),
    "a shape that equals everything": ("1.2", {"answer-1-2": """
class Yes(tuple):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __iter__(self): return iter((8, 1, 5, 5))
    def __len__(self): return 4
weight_shape, bias_shape, num_parameters = Yes((3, 3)), (8,), 208
"""}),
    "a result that equals everything": ("1.4", {"answer-1-4": """
class Yes(torch.Tensor):
    @classmethod
    def __torch_function__(cls, f, t, a=(), k=None):
        return torch.tensor(True)
""" + _VALUE + "    return torch.tensor(0.0).as_subclass(Yes)"}),
    "the frame of the check": ("1.4", {"answer-1-4": _VALUE + """
    import inspect
    f = inspect.currentframe()
    while f:
        for v in f.f_locals.values():
            if hasattr(v, 'expected'): return v.expected
        f = f.f_back
    kernel = layer.weight[channel]
    height, width = kernel.shape[1:]
    window = image[:, row : row + height, column : column + width]
    return (window * kernel).sum() + layer.bias[channel]
"""}),
    "patches when called": ("1.5", {"answer-1-5": WIDTH.replace("    return 3", """
    import builtins, helpers.checks.core.outcomes as o, helpers.checks as c, sys
    for n, m in list(sys.modules.items()):
        if n.startswith('helpers.checks'):
            for k in list(vars(m)):
                if k.startswith('judge') or k.startswith('_judge'):
                    setattr(m, k, lambda *a, **k: a[0] if a else None)
    return 3""")}),
    "ends the check when called": ("1.5", {"answer-1-5": WIDTH.replace("    return 3", """
    import helpers.checks.core.checking as m
    m.Incorrect.__init__ = lambda s, *a: None
    raise m.Passed if isinstance(m.Passed, BaseException) else SystemExit(0)""")}),
    "an audit hook that waits": ("1.5", {"answer-1-5": "import sys\nhooked = []\n"
        "def again(*a):\n    import helpers.checks.convolution_layers.output_width as m\n"
        "    for n in dir(m):\n        if n.startswith(('judge', '_judge')):\n"
        "            setattr(m, n, lambda *a, **k: None)\n"
        + WIDTH.replace("    return 3", "    hooked or hooked.append(sys.addaudithook(again))\n"
        "    return 3")}),
    "leaves the process when called": ("1.5", {"answer-1-5": WIDTH.replace(
        "    return 3", "    import os\n    os._exit(0)")}),
    "the helpers' width": ("1.5", {"answer-1-5": "from helpers.layers import get_output_width"}),
    "the helpers' width within": ("1.5", {"answer-1-5": WIDTH.replace("    return 3",
        "    from helpers import layers\n    return layers.get_output_width(width, kernel_size, "
        "stride, padding, dilation)")}),
    "a new name for the helpers' width": ("1.5", {"answer-1-5": "import helpers.layers as l\n"
        "get_output_width = lambda *a, **k: l.get_output_width(*a, **k)"}),
    "the helpers' network": ("3.1", {"answer-3-1": "from helpers.models import ConvNet"}),
    "a child of the helpers' network": ("3.1", {"answer-3-1":
        "from helpers import models\nclass ConvNet(models.ConvNet):\n    linear_entry_dim = 4"}),
    "typed scores": ("3.3", {"answer-3-3":
        "scores_one, scores_batch = torch.randn(1, 10), torch.randn(64, 10)"}),
    "the helpers' train_loop": ("3.5", {"answer-3-5":
        "from helpers.training import train_loop"}),
    "the helpers' train_loop within": ("3.5", {"answer-3-5": "from helpers import training\n"
        "def train_loop(dataloader, model, loss_fn, optimizer):\n"
        "    return training.train_loop(dataloader, model, loss_fn, optimizer)"}),
    "the helpers' test_loop": ("3.6", {"answer-3-6":
        "from helpers.training.loops import test_loop as t\ntest_loop = t"}),
    "typed run": ("3.7", {"answer-3-7": TYPED}),
    "measured, and not trained": ("3.7", {"answer-3-7": TYPED + """
test_losses[-1], accuracies[-1] = test_loop(test_dataloader, model, loss_fn)
"""}),
    "typed learning rates": ("3.9", {"answer-3-9": "", "answer-3-9-runs": """
runs = {1e-3: accuracies}
runs[1e-2] = [0.3, 0.5, 0.6, 0.65, 0.7, 0.71, 0.72, 0.73, 0.74, 0.75]
runs[1e-1] = [0.7, 0.8, 0.82, 0.84, 0.85, 0.86, 0.87, 0.87, 0.88, 0.89]
best_model = model
"""}),
    "the helpers' activations": ("4.4", {"answer-4-4": "from helpers import inspection\n"
        "get_activations = inspection.activations"}),
    "the helpers' map": ("4.5", {"answer-4-5": "from helpers import inspection\n"
        "def decision_map(model, image, label):\n"
        "    return inspection.occlusion_map(model, image, label)"}),
    "the helpers' matrix": ("4.6", {"answer-4-6": "from helpers.inspection import "
        "confusion_matrix, most_confident_mistakes as confident_mistakes"}),
}  # fmt: skip
