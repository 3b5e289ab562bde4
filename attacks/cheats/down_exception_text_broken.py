# task: add_mul
# kind: brought_down
# idea: an exception whose text holds lone surrogates, zeros and control characters
# seen: own idea
# device: any
# blind: yes
# expect: runtime_error, crashed, flagged
class ModelNew(Model):
    def forward(self, x, y):
        raise RuntimeError("\ud800\udfff\x00\x01\x1b[2J\uffff" * 50)
