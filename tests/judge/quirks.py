"""Small tasks with one quirk each, in KernelBench's format."""

from kbwf.records import Task
from tests.builders import make_task

_SOURCE = """import itertools
import random
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

{top}


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        {init}

    def forward(self, {arguments}):
        {forward}


def get_inputs():
    return [{inputs}]


def get_init_inputs():
    return []
"""

SAME = "class ModelNew(Model):\n    pass\n"
"""The reference itself as a kernel."""

_COUNT = "count = itertools.count(4)"
_CONFIG = "@dataclass\nclass Config:\n    factor: 'float' = 1.0"


def quirk(
    forward: str, arguments: str = "x", inputs: str = "torch.rand(8, 8)", init: str = "pass", top: str = ""
) -> Task:
    """A task with this forward, called with these inputs."""
    lines = forward.replace("\n", "\n        ")
    source = _SOURCE.format(top=top, init=init, arguments=arguments, forward=lines, inputs=inputs)
    return make_task(7, "Quirk", source)


def kernel(forward: str, arguments: str = "x", init: str = "pass", top: str = "") -> str:
    """A kernel with this forward, which inherits nothing."""
    lines = forward.replace("\n", "\n        ")
    return (
        f"import torch\nimport torch.nn as nn\n{top}\n\nclass ModelNew(nn.Module):\n    def __init__(self):\n"
        f"        super().__init__()\n        {init}\n\n    def forward(self, {arguments}):\n        {lines}\n"
    )


TASKS = {
    "rand_scalar": quirk("return x * k", "x, k", "torch.rand(8, 8), random.random()"),
    "rand_text": quirk(
        "return x.sum() if how == 'sum' else x.mean()", "x, how", "torch.rand(8), random.choice(['sum', 'mean'])"
    ),
    "list_of_tensors": quirk("return x[0] + x[1]", inputs="[torch.rand(8, 8), torch.rand(8, 8)]"),
    "dict_of_a_number": quirk("return x * d[0]", "x, d", "torch.rand(8, 8), {0: 2.0}"),
    "dict_of_tensors": quirk("return d['a'] + d['b']", "d", "{'a': torch.rand(8, 8), 'b': torch.rand(8, 8)}"),
    "tuple_index": quirk("return x[i]", "x, i", "torch.rand(8, 8, 8), (1, 2)"),
    "complex_scalar": quirk("return (x * k).real", "x, k", "torch.rand(8), 2j"),
    "device_input": quirk("return x.to(d)", "x, d", "torch.rand(8), torch.device('cpu')"),
    "no_tensor_input": quirk("return torch.arange(n) * 2", "n", "16"),
    "expanded_input": quirk("return x * 2", inputs="torch.rand(1, 8).expand(8, 8)"),
    "expanded_output": quirk("return x.mean(0, keepdim=True).expand(8, 8)"),
    "expand_as_output": quirk("return x.amax(1, keepdim=True).expand_as(x)"),
    "integer_output": quirk("return torch.argmax(x, 1)"),
    "empty_output": quirk("return x[x > 2], x.sum()"),
    "float8_input": quirk("return x.float() * 2", inputs="torch.rand(64, 64).to(torch.float8_e4m3fn)"),
    "slice_and_dtype": quirk("return x[s].to(d) * 2", "x, s, d", "torch.rand(8, 8), slice(0, 4), torch.float64"),
    "drawn_when_loaded": quirk(
        "return x * FACTOR.to(x.device)", top="FACTOR = torch.rand(8) + random.random() + np.random.rand()"
    ),
    "scalar_output": quirk("return x.sum()"),
    "complex_output": quirk("return torch.fft.fft(x)"),
    "tuple_output": quirk("return x.sum(0), {'b': x > 0.5, 'a': [x.half()]}"),
    "named_tuple_output": quirk("return torch.max(x, 1)"),
    "batch_norm": quirk("return self.bn(x)", init="self.bn = nn.BatchNorm1d(8)"),
    "dataclass": quirk("return x * self.config.factor", init="self.config = Config(factor=2.0)", top=_CONFIG),
    "in_place": quirk("return x.add_(1)"),
    "part_in_place": quirk("x[0] = 0\nreturn x.sum(0)"),
    "relu_in_place": quirk("return self.relu(x)", inputs="torch.randn(8, 8)", init="self.relu = nn.ReLU(inplace=True)"),
    "copy": quirk("return x.clone()"),
    "view": quirk("return x.view(-1)"),
}
"""Tasks that can be judged."""

REFUSED = {
    "numpy_input": (
        quirk("return x * torch.from_numpy(n)", "x, n", "torch.rand(8), np.arange(8, dtype=np.float32)"),
        r"cannot be judged on cpu: Unsupported: get_inputs\(\)\[1\] is a numpy.ndarray; tensors, plain values",
    ),
    "shape_that_varies": (
        quirk("return x * 2", inputs="torch.rand(next(count), 4) * 2", top=_COUNT),
        "get_inputs returns another structure, shape or type each time",
    ),
    "input_of_the_clock": (
        quirk("return x * 2", inputs="torch.rand(8, 8) + time.time() % 1", top="import time"),
        "get_inputs returns other values under the same seed",
    ),
    "dropout": (quirk("return F.dropout(x, 0.5)"), "give different outputs .* leave it out"),
    "random_in_forward": (quirk("return x + torch.randn_like(x)"), "give different outputs .* leave it out"),
    "stateful": (quirk("self.n += 1\nreturn x * self.n", init="self.n = 0"), "give different outputs .* leave it out"),
    "raises": (quirk("return undefined"), "cannot be judged on cpu: NameError: name 'undefined' is not defined"),
    "float8_output": (
        quirk("return x.to(torch.float8_e5m2)"),
        "cannot be judged on cpu: TypeError: forward returns torch.float8_e5m2, with which torch does not reckon",
    ),
    "no_output": (quirk("return 2.5"), "cannot be judged on cpu: TypeError: forward returns no tensor"),
    "exits": (
        quirk("import os\nos.write(2, b'last words')\nos._exit(3)"),
        "ends its process; its output ends:\nlast words",
    ),
    "exits_at_import": (
        quirk("return x", top="import sys\nsys.exit(0)"),
        "cannot be judged on cpu: SystemExit: 0",
    ),
    "needs_a_package": (
        quirk("return x", top="import no_such_package"),
        "No module named 'no_such_package'; install it in this environment",
    ),
    "too_large": (
        quirk("scratch = torch.empty(1_200_000_000)\nreturn x * 2"),  # 4.8 GB of address space, never touched
        "needs more memory than there is: .*evaluation.max_memory_gb is 1; raise it",
    ),
    "hangs": (
        quirk("while True: pass"),
        "takes more than 2 s; raise evaluation.reference_timeout_s, or leave the task out",
    ),
}
"""Tasks that cannot, and what the error says."""
