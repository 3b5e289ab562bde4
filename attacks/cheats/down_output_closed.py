# task: add_mul
# kind: brought_down
# idea: standard input, output and error are closed, then reopened as something else
# seen: own idea
# device: any
# blind: yes
# expect: passed, crashed, runtime_error, flagged
import os

for fd in (0, 1, 2):
    os.close(fd)
os.pipe()


class ModelNew(Model):
    pass
