# task: add_mul_large
# kind: honest
# idea: a CUDA extension, built when the kernel is loaded
# seen: own idea
# device: cuda
# expect: passed
import torch
import torch.nn as nn
from torch.utils.cpp_extension import load_inline

native = load_inline(
    name="cuda_add_mul",
    cpp_sources="torch::Tensor add_mul(torch::Tensor x, torch::Tensor y);",
    cuda_sources=r"""
#include <ATen/cuda/CUDAContext.h>
__global__ void kernel(const float4* x, const float4* y, float4* out, long n) {
    long i = blockIdx.x * (long)blockDim.x + threadIdx.x;
    if (i >= n) return;
    float4 a = x[i], b = y[i];
    out[i] = make_float4((a.x + b.x) * a.x, (a.y + b.y) * a.y, (a.z + b.z) * a.z, (a.w + b.w) * a.w);
}
torch::Tensor add_mul(torch::Tensor x, torch::Tensor y) {
    auto out = torch::empty_like(x);
    long n = x.numel() / 4;
    kernel<<<(n + 255) / 256, 256, 0, at::cuda::getCurrentCUDAStream()>>>(
        (const float4*)x.data_ptr<float>(), (const float4*)y.data_ptr<float>(), (float4*)out.data_ptr<float>(), n);
    return out;
}
""",
    functions=["add_mul"],
)


class ModelNew(nn.Module):
    def forward(self, x, y):
        return native.add_mul(x, y)
