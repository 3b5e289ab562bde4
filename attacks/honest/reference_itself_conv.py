# task: conv_image
# kind: honest
# idea: the reference, unchanged, where the library chooses among algorithms
# seen: own idea
# device: any
# expect: passed
class ModelNew(Model):
    pass
