# task: scaled_by_number
# kind: honest
# idea: the reference, unchanged, with a number among the inputs
# seen: own idea
# device: any
# expect: passed
class ModelNew(Model):
    pass
