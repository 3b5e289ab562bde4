# task: add_mul
# kind: brought_down
# idea: a thread aborts the process at a moment of its own
# seen: own idea
# device: any
# blind: yes
# expect: crashed
import os
import threading

threading.Timer(0.3, os.abort).start()


class ModelNew(Model):
    def forward(self, x, y):
        import time

        time.sleep(0.02)
        return super().forward(x, y)
