# task: mlp
# kind: reference
# idea: the shared inputs become NaN after the call, so that whoever uses them next fails
# seen: an evaluator whose reference failed on changed inputs
# device: any
# blind: yes
# expect: input_changed, wrong_values, crashed, runtime_error
import torch


class ModelNew(Model):
    def forward(self, x):
        result = super().forward(x)
        x.data.fill_(float("nan"))
        return result
