# task: add_mul
# kind: brought_down
# idea: the import does not end
# seen: public lists of kernel hacks
# device: any
# blind: yes
# expect: timeout
import time

end = time.monotonic() + 300
while time.monotonic() < end:
    time.sleep(0.5)


class ModelNew(Model):
    pass
