# task: add_mul
# kind: compile
# idea: the compiler does not end: templates without a bottom
# seen: own idea
# device: any
# blind: yes
# expect: timeout, compile_error, runtime_error, crashed
from torch.utils.cpp_extension import load_inline

text = r"""
#include <torch/extension.h>
template <unsigned long N> struct Count { static constexpr unsigned long value = Count<N - 1>::value + Count<N - 2>::value + 1; };
template <int A, int B> struct Many { static constexpr int value = Many<A - 1, B + 1>::value + Many<A - 1, B + 2>::value; };
template <int B> struct Many<0, B> { static constexpr int value = B; };
int look() { return Many<600, 0>::value; }
"""
load_inline(name="compile_endless", cpp_sources=text, functions=["look"], extra_cflags=["-ftemplate-depth=100000"])


class ModelNew(Model):
    pass
