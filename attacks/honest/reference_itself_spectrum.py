# task: spectrum
# kind: honest
# idea: the reference, unchanged, with complex outputs
# seen: own idea
# device: any
# expect: passed
class ModelNew(Model):
    pass
