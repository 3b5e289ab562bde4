# task: add_mul
# kind: brought_down
# idea: hooks for exceptions, imports, audits and garbage all raise
# seen: own idea
# device: any
# blind: yes
# expect: crashed, runtime_error, flagged, compile_error, passed
import builtins
import gc
import sys


def raising(*args, **named):
    raise MemoryError("hook")


class ModelNew(Model):
    def forward(self, x, y):
        result = super().forward(x, y)
        sys.excepthook = sys.unraisablehook = sys.displayhook = raising
        gc.callbacks.append(raising)
        builtins.print = builtins.open = builtins.repr = builtins.__import__ = raising
        sys.addaudithook(raising)
        return result
