# task: add_mul
# kind: brought_down
# idea: a folder for temporary files is made unreadable, so that nobody can empty it
# seen: own idea
# device: any
# blind: yes
# expect: passed, crashed, runtime_error, flagged, compile_error
import os
import tempfile

for _ in range(20):
    folder = tempfile.mkdtemp()
    open(os.path.join(folder, "file"), "w").close()
    os.chmod(folder, 0)


class ModelNew(Model):
    pass
