# task: add_mul
# kind: brought_down
# idea: the kernel says that memory ran out, which an evaluator may blame on itself and try again
# seen: an evaluator whose own use of memory was scored as the kernel's
# device: any
# blind: no
# expect: runtime_error
import torch


class ModelNew(Model):
    def forward(self, x, y):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")
