# task: batch_norm
# kind: honest
# idea: the reference, unchanged, in the mode that the task is judged in
# seen: own idea
# device: any
# expect: passed
class ModelNew(Model):
    pass
