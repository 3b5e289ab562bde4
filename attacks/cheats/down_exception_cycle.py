# task: add_mul
# kind: brought_down
# idea: an exception that is its own cause, in a group of groups
# seen: own idea
# device: any
# blind: yes
# expect: runtime_error, crashed, timeout
class ModelNew(Model):
    def forward(self, x, y):
        first, second = ValueError("first"), ValueError("second")
        first.__cause__, second.__context__ = second, first
        group = first
        for _ in range(200):
            group = ExceptionGroup("group", [group])
        raise group
