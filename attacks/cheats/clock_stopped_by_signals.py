# task: sigmoid_tanh
# kind: clock
# idea: a helper stops whoever may be measuring while this process works, for at most two seconds in all
# seen: own idea
# device: any
# blind: yes
# expect: flagged, crashed, runtime_error, timeout
import os
import signal

calls = 0


class ModelNew(Model):
    def forward(self, *inputs):
        global calls
        calls += 1
        parent = os.getppid()
        if calls <= 20:
            helper = os.fork()
            if helper == 0:
                try:
                    os.kill(parent, signal.SIGSTOP)
                    import time

                    time.sleep(0.1)
                    os.kill(parent, signal.SIGCONT)
                finally:
                    os._exit(0)
        return super().forward(*inputs)
