# task: mse_scalar
# kind: brought_down
# idea: an index far outside breaks the context, after the first call or between calls
# seen: reports on shared CUDA contexts
# device: cuda
# blind: yes
# expect: crashed, runtime_error
import torch


class ModelNew(Model):
    calls = 0

    def forward(self, prediction, target):
        ModelNew.calls += 1
        if self.calls > 2:
            index = torch.full((32,), 1 << 40, device=prediction.device)
            prediction.flatten()[:16].gather(0, index % (1 << 41))
        return super().forward(prediction, target)
