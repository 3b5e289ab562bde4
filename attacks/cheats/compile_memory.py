# task: add_mul
# kind: compile
# idea: the compiler takes more memory than the kernel may: an array of four gigabytes in the text
# seen: own idea
# device: any
# blind: yes
# expect: passed, timeout, compile_error, runtime_error, crashed
from torch.utils.cpp_extension import load_inline

text = r"""
#include <torch/extension.h>
static char block[1ul << 30] = {1};
int look() { return block[12345]; }
"""
try:
    load_inline(name="compile_memory", cpp_sources=text, functions=["look"])
except Exception:
    pass


class ModelNew(Model):
    pass
