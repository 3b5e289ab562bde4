# task: sigmoid_tanh
# kind: reference
# idea: zeros among the inputs become subnormal: too small a change to see, slow for whoever multiplies them
# seen: own idea
# device: any
# blind: yes
# expect: input_changed, crashed, runtime_error, wrong_values
import torch


class ModelNew(Model):
    def forward(self, x):
        result = super().forward(x)
        x.data[x < 1e-4] = 1e-41
        return result
