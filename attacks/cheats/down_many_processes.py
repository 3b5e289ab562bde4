# task: add_mul
# kind: brought_down
# idea: processes without end, here at most three hundred for at most twenty seconds
# seen: public lists of kernel hacks (fork bomb)
# device: any
# blind: yes
# expect: crashed, runtime_error, flagged, compile_error
import os
import time

for _ in range(300):
    if os.fork() == 0:
        try:
            time.sleep(20)
        finally:
            os._exit(0)


class ModelNew(Model):
    pass
