# task: add_mul
# kind: brought_down
# idea: the process works as it should and does not end when it should
# seen: own idea
# device: any
# blind: yes
# expect: passed, flagged, timeout
import atexit
import threading
import time

atexit.register(time.sleep, 300)
threading.Thread(target=time.sleep, args=(300,)).start()


class ModelNew(Model):
    def __del__(self):
        time.sleep(300)
