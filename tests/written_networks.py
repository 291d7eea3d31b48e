"""Networks whose ``forward`` a test writes beside their parts."""

from torch import nn


class Written(nn.Module):
    """A network of ``parts``, whose ``forward`` is ``run(net, x)``."""

    def __init__(self, run, **parts):
        super().__init__()
        self.run = run
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x):
        return self.run(self, x)
