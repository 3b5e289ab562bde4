# task: add_mul
# kind: honest
# idea: prints, warns and logs
# seen: own idea
# device: any
# expect: passed
import logging
import sys
import warnings

import torch.nn as nn

logging.basicConfig(level=logging.INFO)
print("loading", file=sys.stderr)


class ModelNew(nn.Module):
    def forward(self, x, y):
        print("forward", tuple(x.shape))
        warnings.warn("a warning of the kernel's own", stacklevel=1)
        logging.info("called")
        return (x + y) * x
