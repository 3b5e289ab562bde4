# task: add_mul
# kind: brought_down
# idea: the process ends with success while the kernel is being imported
# seen: public lists of kernel hacks
# device: any
# blind: yes
# expect: crashed, compile_error
import os

os._exit(0)


class ModelNew(Model):
    pass
