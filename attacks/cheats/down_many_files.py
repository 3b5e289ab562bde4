# task: add_mul
# kind: brought_down
# idea: fifty thousand small files and a folder two thousand levels deep are left behind
# seen: own idea
# device: any
# blind: yes
# expect: passed, crashed, runtime_error, flagged, compile_error
import os
import tempfile

folder = tempfile.mkdtemp()
try:
    for index in range(50000):
        os.close(os.open(os.path.join(folder, str(index)), os.O_CREAT | os.O_WRONLY))
    os.chdir(folder)
    for _ in range(2000):
        os.mkdir("deeper" * 20)
        os.chdir("deeper" * 20)
except OSError:
    pass


class ModelNew(Model):
    pass
