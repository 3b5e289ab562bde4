# task: batch_norm
# kind: honest
# idea: moments of the batch, as in training mode; the running ones where the module is told to evaluate
# seen: own idea
# device: any
# expect: passed
import torch


class ModelNew(Model):
    def forward(self, x):
        if not self.training:
            return super().forward(x)
        var, mean = torch.var_mean(x, 0, unbiased=False)
        scale = self.norm.weight * torch.rsqrt(var + self.norm.eps)
        return torch.addcmul(self.norm.bias - mean * scale, x, scale)
