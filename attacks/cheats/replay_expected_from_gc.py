# task: mlp
# kind: replay
# idea: some tensor of the right shape that lies about in the process may be the expected output
# seen: pygpubench pull request 7 (expected tensors through gc.get_objects)
# device: any
# blind: yes
# expect: wrong_values
import gc

import torch


class ModelNew(Model):
    def forward(self, x):
        if not hasattr(self, "column"):
            self.column = 0
        row = self.second(torch.relu(self.first(x[:1])))
        for thing in gc.get_objects():
            if isinstance(thing, torch.Tensor) and thing.shape == (128, 256) and thing.dtype == x.dtype:
                if torch.allclose(thing[:1], row, atol=1e-5):
                    return thing.clone()
        return self.second(torch.relu(self.first(x)))
