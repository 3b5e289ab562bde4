# task: matmul
# kind: less_work
# idea: the library itself is told to multiply in reduced precision, on GPU and CPU
# seen: public lists of kernel hacks (global flags)
# device: any
# blind: yes
# expect: wrong_values
import torch

torch.set_float32_matmul_precision("medium")
torch.backends.cuda.matmul.allow_tf32 = True
torch.backends.cudnn.allow_tf32 = True


class ModelNew(Model):
    pass
