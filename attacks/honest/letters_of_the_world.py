# task: add_mul
# kind: honest
# idea: names and comments beyond ASCII
# seen: own idea
# device: any
# expect: passed
import torch.nn as nn


class ModelNew(nn.Module):
    """Größe und Länge: 大きさ."""

    def forward(self, x, y):
        größe = x + y  # Ω ≠ ω, “quotes”, a non-breaking space:  .
        return größe * x
