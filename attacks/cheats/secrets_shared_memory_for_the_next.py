# task: add_mul
# kind: secrets
# idea: a System V segment is left behind for the next kernel
# seen: own idea
# device: any
# blind: yes
# runs: 2
# expect: passed
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
KEY = 0x6B627768
old = libc.shmget(KEY, 4096, 0)
if old >= 0:
    address = libc.shmat(old, None, 0)
    text = ctypes.string_at(address, 11).decode()
    libc.shmctl(old, 0, None)
    raise RuntimeError(f"an earlier kernel left {text}")
new = libc.shmget(KEY, 4096, 0o1666)
if new >= 0:
    address = libc.shmat(new, None, 0)
    ctypes.memmove(address, b"KBWF_" + b"BREACH\0", 12)


class ModelNew(Model):
    pass
