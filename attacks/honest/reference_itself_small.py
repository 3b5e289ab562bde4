# task: small_launches
# kind: honest
# idea: the reference, unchanged, on small launches
# seen: own idea
# device: any
# expect: passed
class ModelNew(Model):
    pass
