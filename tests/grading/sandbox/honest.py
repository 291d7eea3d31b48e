"""Right answers as students and their tools write them, by task: all get full points."""

from tests.grading.students import right_sources

_RIGHT = right_sources()
_LAYER = "conv_layer = nn.Conv2d(1, 8, 5)"
_WIDTH = _RIGHT["answer-1-5"]
_TRAIN = """
def train_loop(dataloader, model, loss_fn, optimizer):
    device = next(model.parameters()).device
    model.train()
    total, vars = 0.0, 0
    for input, target in dataloader:
        input, target = input.to(device), target.to(device)
        optimizer.zero_grad()
        loss = loss_fn(model(input), target)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(input)
        vars += len(input)
    return total / vars
"""
_SMALL = _RIGHT["answer-5-5-train"]

# What stands above or below a right layer.
_AROUND = {
    "pip": "!pip install torchinfo",
    "pip magic": "%pip install -q torchinfo",
    "conda magic": "%conda install numpy",
    "a question": "nn.Conv2d?",
    "two questions": "nn.Conv2d??",
    "a question in front": "?nn.Conv2d",
    "config": "%config InlineBackend.figure_format = 'retina'",
    "autoreload": "%load_ext autoreload\n%autoreload 2",
    "matplotlib": "%matplotlib inline",
    "a shell line in a branch": "if True:\n    !ls -l",
    "the output of a shell line": "files = !ls\nprint(len(files))",
    "the output of a magic": "here = %pwd",
    "json": "import json\nprint(json.dumps({'a': 1}))",
    "os": "import os\nos.makedirs('figures', exist_ok=True)",
    "sys": "import sys\nprint(sys.version)",
    "pathlib": "from pathlib import Path\nPath('note.txt').write_text('x')",
    "open": "with open('note.txt', 'w') as file:\n    file.write('x')",
    "seed of all": "import random, numpy as np\nrandom.seed(0); np.random.seed(0)\n"
    "torch.manual_seed(0)",
    "vars": "vars = 3\ninput = 4\ndir = [vars]",
    "globals": "print(len(globals()), locals() is globals())",
    "eval": "print(eval('1 + 1'))",
    "frames": "import inspect\nprint(inspect.currentframe().f_lineno)",
    "ctypes": "import ctypes\nprint(ctypes.sizeof(ctypes.c_int))",
    "dunders": "print(nn.Conv2d.__dict__.keys(), nn.Conv2d.__mro__, __name__)",
    "a metaclass": "class Meta(type): pass\nclass Thing(metaclass=Meta): pass",
    "equality of its own": "class Point:\n    def __eq__(self, other): return True\n"
    "    def __hash__(self): return 0",
    "getattr": "print(getattr(nn, 'Conv' + '2d'))",
    "warnings": "import warnings\nwarnings.filterwarnings('ignore')",
    "rcParams": "import matplotlib.pyplot as plt\nplt.rcParams['figure.figsize'] = (3, 3)",
    "print options": "torch.set_printoptions(precision=2)",
    "logging": "import logging\nlogging.basicConfig(level=logging.INFO)\nlogging.info('x')",
    "a thread": "import threading\nthreading.Thread(target=print).start()",
    "a subprocess": "import subprocess\nprint(subprocess.run(['echo', 'x']).returncode)",
    "umlauts": "größe = 5  # für später 😀",
}  # fmt: skip

# By name: the task, and the cells that differ from the solution.
HONEST: dict[str, tuple[str, dict[str, str]]] = {
    **{name: ("1.1", {"answer-1-1": f"{more}\n{_LAYER}"}) for name, more in _AROUND.items()},
    "timed": ("1.1", {"answer-1-1": f"%%time\n{_LAYER}"}),
    "timed line": ("1.1", {"answer-1-1": f"%time {_LAYER}"}),
    "captured": ("1.1", {"answer-1-1": f"%%capture out\n{_LAYER}"}),
    "compiled": ("1.1", {"answer-1-1": "conv_layer = torch.compile(nn.Conv2d(1, 8, 5))"}),
    "dataclass": ("1.2", {"answer-1-2": "from typing import NamedTuple\n"
        "class Size(NamedTuple):\n    a: int\n    b: int\n    c: int\n    d: int\n"
        "weight_shape, bias_shape = Size(8, 1, 5, 5), [8]\nnum_parameters = torch.tensor(208)"}),
    "numpy shape": ("1.2", {"answer-1-2": "import numpy as np\n"
        "weight_shape = np.array([8, 1, 5, 5])\nbias_shape = (np.int64(8),)\n"
        "num_parameters = np.int64(208)"}),
    "assigned in place": ("1.7", {"answer-1-7": "pictures = torch.zeros(2, 3)\npictures[0] = 1\n"
        "edge_layer = nn.Conv2d(1, 1, 3, bias=False)\nwith torch.no_grad():\n"
        "    edge_layer.weight[0, 0] = torch.tensor([[-1., 0., 1.]] * 3)"}),
    "with a cache": ("1.5", {"answer-1-5": "import functools\n@functools.lru_cache\n" + _WIDTH}),
    "by a lambda": ("2.4", {"answer-2-4": "relative_change = lambda before, after: "
        "((after - before).abs().sum() / before.abs().sum()).item()\n"
        "with torch.no_grad():\n    before, after = conv_layer(images), conv_layer(shifted)\n"
        "small, mean = nn.MaxPool2d(2), nn.AvgPool2d(2)\n"
        "changes = dict(convolution=relative_change(before, after), "
        "maximum=relative_change(small(before), small(after)), "
        "average=relative_change(mean(before), mean(after)))"}),
    "forward(self, input)": ("3.1", {"answer-3-1": _RIGHT["answer-3-1"].replace(
        "forward(self, x)", "forward(self, input)").replace("conv_stack(x)", "conv_stack(input)")}),
    "without gradients": ("3.3", {"answer-3-3": "model.eval()\nwith torch.no_grad():\n"
        "    X, y = next(iter(train_dataloader))\n    scores_batch = model(X.to(device))\n"
        "    scores_one = model(training_data[3][0][None].to(device)).cpu()"}),
    "one of the batch": ("3.3", {"answer-3-3": "X, y = next(iter(train_dataloader))\n"
        "scores_batch = model(X)\nscores_one = scores_batch[:1]"}),
    "input, target": ("3.5", {"answer-3-5": _TRAIN}),
    "with a progress bar": ("3.5", {"answer-3-5": "from tqdm.auto import tqdm\n"
        + _TRAIN.replace("in dataloader", "in tqdm(dataloader)")}),
    "without a panel": ("3.7", {"answer-3-7": """
for epoch in range(10):
    train_losses += [train_loop(train_dataloader, model, loss_fn, optimizer)]
    loss, accuracy = test_loop(test_dataloader, model, loss_fn)
    test_losses += [loss]
    accuracies += [accuracy]
"""}),
    "a decorated function": ("4.4", {"answer-4-4": """
@torch.no_grad()
def get_activations(model, layer, images):
    kept = {}
    def hook(module, input, output):
        kept['out'] = output.detach()
    with layer.register_forward_hook(hook):
        model(images)
    return kept['out']
"""}),
    **{f"with {name}": ("5.5", {"answer-5-5-train": _SMALL.replace("AdamW", name)})
       for name in ("RMSprop", "NAdam")},
}  # fmt: skip
