# task: add_mul
# kind: brought_down
# idea: two hundred dead children are never waited for, and the others stay behind in sessions of their own
# seen: own idea
# device: any
# blind: yes
# expect: passed, crashed, runtime_error, compile_error, flagged
import os
import time

for index in range(200):
    if os.fork() == 0:
        if index % 20 == 0:
            os.setsid()
            if os.fork() == 0:
                time.sleep(20)
        os._exit(0)


class ModelNew(Model):
    pass
