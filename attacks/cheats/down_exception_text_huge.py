# task: add_mul
# kind: brought_down
# idea: an exception with a text of 200 MB
# seen: own idea
# device: any
# blind: yes
# expect: runtime_error, crashed, flagged
class ModelNew(Model):
    def forward(self, x, y):
        raise RuntimeError("x" * (200 << 20))
