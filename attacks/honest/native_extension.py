# task: add_mul
# kind: honest
# idea: a C++ extension, built when the kernel is loaded
# seen: own idea
# device: cpu
# expect: passed
import torch
import torch.nn as nn
from torch.utils.cpp_extension import load_inline

native = load_inline(
    name="native_add_mul",
    cpp_sources=r"""
torch::Tensor add_mul(torch::Tensor x, torch::Tensor y) {
    auto out = torch::empty_like(x);
    const float* a = x.data_ptr<float>();
    const float* b = y.data_ptr<float>();
    float* to = out.data_ptr<float>();
    for (int64_t i = 0; i < x.numel(); ++i) to[i] = (a[i] + b[i]) * a[i];
    return out;
}
""",
    functions=["add_mul"],
    extra_cflags=["-O3"],
)


class ModelNew(nn.Module):
    def forward(self, x, y):
        return native.add_mul(x.contiguous(), y.contiguous())
