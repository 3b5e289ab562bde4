# task: add_mul
# kind: brought_down
# idea: an expression nested so deeply that compilers give up or break
# seen: own idea
# device: any
# blind: yes
# expect: compile_error, crashed, no_kernel
value = eval("(" * 180 + "1" + ")" * 180)
exec("x = " + "-" * 200000 + "1")


class ModelNew(Model):
    pass
