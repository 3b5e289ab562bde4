# task: small_launches
# kind: honest
# idea: a graph over buffers of its own, filled and read in every call
# seen: own idea
# device: cuda
# expect: passed
import torch


class ModelNew(Model):
    graph = None

    def forward(self, x, v):
        if torch.cuda.is_current_stream_capturing():
            return super().forward(x, v)
        if self.graph is None:
            self.x, self.v = x.clone(), v.clone()
            super().forward(self.x, self.v)
            torch.cuda.synchronize()
            self.graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self.graph):
                self.result = super().forward(self.x, self.v)
        self.x.copy_(x)
        self.v.copy_(v)
        self.graph.replay()
        return self.result.clone()
