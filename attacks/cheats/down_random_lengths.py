# task: add_mul
# kind: brought_down
# idea: the builtins that a runner cannot do without are replaced by liars
# seen: own idea
# device: any
# blind: yes
# expect: crashed, runtime_error, flagged, compile_error, passed, wrong_type, wrong_values, wrong_shape
import builtins


class ModelNew(Model):
    def forward(self, x, y):
        result = super().forward(x, y)
        builtins.len = lambda thing: 1 << 62
        builtins.isinstance = lambda *args: True
        builtins.type = lambda *args: int
        return result
