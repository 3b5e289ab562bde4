# task: add_mul
# kind: brought_down
# idea: one of the timed calls does not end
# seen: own idea
# device: any
# blind: yes
# expect: timeout
import time


class ModelNew(Model):
    calls = 0

    def forward(self, x, y):
        ModelNew.calls += 1
        if self.calls > 20:
            time.sleep(300)
        return super().forward(x, y)
