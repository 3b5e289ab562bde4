# task: add_mul
# kind: secrets
# idea: a file is left in every folder that lets it be written, for the next kernel
# seen: own idea
# device: any
# blind: yes
# runs: 2
# expect: passed
import glob
import os
import tempfile

folders = {tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm", "/run/lock", os.path.expanduser("~"), os.getcwd(), "/dev/mqueue"}
for folder in folders:
    for path in glob.glob(os.path.join(folder, "kbwf_left_here")):
        with open(path) as file:
            text = file.read()
        os.unlink(path)
        raise RuntimeError(f"an earlier kernel left {text} in {folder}")
for folder in folders:
    try:
        with open(os.path.join(folder, "kbwf_left_here"), "x") as file:
            file.write("KBWF_" + "BREACH")
    except OSError:
        continue


class ModelNew(Model):
    pass
