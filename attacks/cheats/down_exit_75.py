# task: add_mul
# kind: brought_down
# idea: the process ends with the code that asks a workflow to try again
# seen: own idea
# device: any
# blind: yes
# expect: crashed
import os


class ModelNew(Model):
    def forward(self, x, y):
        os._exit(75)
