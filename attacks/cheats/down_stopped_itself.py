# task: add_mul
# kind: brought_down
# idea: the process stops itself and waits to be continued
# seen: own idea
# device: any
# blind: yes
# expect: timeout, crashed, flagged
import os
import signal


class ModelNew(Model):
    def forward(self, x, y):
        os.kill(os.getpid(), signal.SIGSTOP)
        return super().forward(x, y)
