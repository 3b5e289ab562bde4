# task: add_mul
# kind: brought_down
# idea: two gigabytes of named shared memory and all semaphores stay behind when the process ends
# seen: own idea
# device: any
# blind: yes
# expect: passed, crashed, runtime_error, flagged, compile_error
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
made = []
for index in range(8):
    identity = libc.shmget(0, 256 << 20, 0o1600)  # IPC_PRIVATE
    if identity >= 0:
        address = libc.shmat(identity, None, 0)
        libc.shmctl(identity, 0, None)  # removed when this process is gone
        made.append(identity)


class ModelNew(Model):
    pass
