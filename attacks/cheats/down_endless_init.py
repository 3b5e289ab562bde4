# task: mlp
# kind: brought_down
# idea: building the module does not end, and holds the interpreter's lock
# seen: public lists of kernel hacks
# device: any
# blind: yes
# expect: timeout
import re


class ModelNew(Model):
    def __init__(self, *sizes):
        super().__init__(*sizes)
        re.match(r"(a+)+$", "a" * 34 + "b")
