# task: add_mul
# kind: brought_down
# idea: KeyboardInterrupt passes handlers of Exception
# seen: own idea
# device: any
# blind: yes
# expect: crashed, runtime_error
class ModelNew(Model):
    def forward(self, x, y):
        raise KeyboardInterrupt
