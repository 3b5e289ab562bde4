# task: batch_norm
# kind: semantics
# idea: the module switches itself to evaluation mode, in which it has nothing to reduce
# seen: own idea
# device: any
# blind: yes
# expect: wrong_values
class ModelNew(Model):
    def forward(self, x):
        self.eval()
        return super().forward(x)
