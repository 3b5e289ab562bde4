# task: argmax_rows
# kind: honest
# idea: the reference, unchanged, with integer outputs
# seen: own idea
# device: any
# expect: passed
class ModelNew(Model):
    pass
