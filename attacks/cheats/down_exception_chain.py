# task: add_mul
# kind: brought_down
# idea: an exception with a chain of ten thousand causes
# seen: own idea
# device: any
# blind: yes
# expect: runtime_error, crashed, timeout
class ModelNew(Model):
    def forward(self, x, y):
        error = None
        for index in range(10000):
            following = ValueError(f"cause {index} " + "x" * 100)
            following.__cause__ = error
            error = following
        raise error
