# task: add_mul
# kind: brought_down
# idea: two thousand threads that sleep for twenty seconds
# seen: own idea
# device: any
# blind: yes
# expect: passed, crashed, runtime_error, compile_error, flagged
import threading
import time

threading.stack_size(65536)
for _ in range(2000):
    threading.Thread(target=time.sleep, args=(20,), daemon=True).start()


class ModelNew(Model):
    pass
