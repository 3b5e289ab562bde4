# task: mlp
# kind: reference
# idea: the input's storage is cut to nothing
# seen: own idea
# device: any
# blind: yes
# expect: input_changed, wrong_values, crashed, runtime_error
import torch


class ModelNew(Model):
    def forward(self, x):
        result = super().forward(x)
        x.data.untyped_storage().resize_(0)
        return result
