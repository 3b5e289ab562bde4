# task: small_launches
# kind: clock
# idea: the process may set the machine's clock; it sets it to the time it is, and says if that was allowed
# seen: own idea
# device: any
# blind: yes
# expect: passed
import time

try:
    time.clock_settime(time.CLOCK_REALTIME, time.clock_gettime(time.CLOCK_REALTIME))
    allowed = True
except OSError:
    allowed = False
if allowed:
    raise RuntimeError("the clock could be set: KBWF_" + "BREACH")


class ModelNew(Model):
    pass
