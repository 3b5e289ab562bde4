# task: gather_rows
# kind: brought_down
# idea: indices among the shared inputs are set out of range after the call, so that the reference itself fails on them
# seen: an evaluator whose reference failed on changed inputs
# device: any
# blind: no
# expect: input_changed, wrong_values, crashed, runtime_error, flagged
import torch


class ModelNew(Model):
    def forward(self, table, index):
        result = super().forward(table, index)
        index.data.fill_(1 << 40)
        return result
