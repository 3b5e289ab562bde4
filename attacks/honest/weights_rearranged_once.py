# task: mlp
# kind: honest
# idea: weights are transposed once, in the first call
# seen: own idea
# device: any
# expect: passed
import torch


class ModelNew(Model):
    ready = None

    def forward(self, x):
        if self.ready is None:
            self.ready = [layer.weight.detach().T.contiguous() for layer in (self.first, self.second)]
        hidden = torch.addmm(self.first.bias, x, self.ready[0]).relu_()
        return torch.addmm(self.second.bias, hidden, self.ready[1])
