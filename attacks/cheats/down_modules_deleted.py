# task: add_mul
# kind: brought_down
# idea: loaded modules are emptied, so that the runner's next import or call fails
# seen: own idea
# device: any
# blind: yes
# expect: crashed, runtime_error, flagged, compile_error, passed
import sys

for name in ("json", "struct", "socket", "traceback", "os", "io", "select", "pickle"):
    module = sys.modules.get(name)
    if module is not None:
        for attribute in list(vars(module)):
            if not attribute.startswith("__"):
                delattr(module, attribute)
    sys.modules[name] = None


class ModelNew(Model):
    pass
