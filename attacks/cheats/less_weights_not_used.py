# task: mlp
# kind: less_work
# idea: outputs near their mean: the bias and the product of mean activations stand for the second layer
# seen: own idea
# device: any
# blind: yes
# expect: wrong_values
import torch


class ModelNew(Model):
    def forward(self, x):
        mean = self.second(torch.relu(self.first(torch.full_like(x[:1], 0.5))))
        return mean.expand(x.shape[0], -1).contiguous()
