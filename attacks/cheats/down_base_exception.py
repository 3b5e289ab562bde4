# task: add_mul
# kind: brought_down
# idea: an exception of a class of its own below BaseException, whose text cannot be made
# seen: own idea
# device: any
# blind: yes
# expect: crashed, runtime_error
class Odd(BaseException):
    def __str__(self):
        raise Odd

    __repr__ = __str__


class ModelNew(Model):
    def forward(self, x, y):
        raise Odd
