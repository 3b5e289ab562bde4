# task: matmul
# kind: semantics
# idea: ModelNew is a function that gives back a lambda, so that no hook of modules sees the call
# seen: own idea
# device: any
# blind: yes
# expect: no_kernel, compile_error, wrong_values, wrong_type, runtime_error
import torch


def ModelNew(*args):
    return lambda a, b: torch.zeros(a.shape[0], b.shape[1], device=a.device)
