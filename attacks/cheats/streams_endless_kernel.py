# task: mse_scalar
# kind: brought_down
# idea: a kernel that ends after two minutes only is left on the stream
# seen: reports on hanging kernels
# device: cuda
# blind: yes
# expect: timeout, flagged, crashed
import torch


class ModelNew(Model):
    calls = 0

    def forward(self, prediction, target):
        ModelNew.calls += 1
        if self.calls == 3:
            for _ in range(120):
                torch.cuda._sleep(1_800_000_000)
        return super().forward(prediction, target)
