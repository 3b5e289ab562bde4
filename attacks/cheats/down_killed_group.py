# task: add_mul
# kind: brought_down
# idea: the process group is killed, and with it whoever shares it
# seen: own idea
# device: any
# blind: yes
# expect: crashed
import os
import signal


class ModelNew(Model):
    def forward(self, x, y):
        os.killpg(0, signal.SIGKILL)
