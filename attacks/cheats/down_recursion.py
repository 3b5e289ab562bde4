# task: add_mul
# kind: brought_down
# idea: recursion without a limit overflows the stack
# seen: own idea
# device: any
# blind: yes
# expect: timeout, crashed, runtime_error
import sys

sys.setrecursionlimit(1 << 30)


def deeper(n):
    return deeper(n + 1) + 1


class ModelNew(Model):
    def forward(self, x, y):
        return super().forward(x, y) + deeper(0) * 0
