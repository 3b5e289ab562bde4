# task: add_mul
# kind: secrets
# idea: a key is left in the user's keyring, and found by the next kernel of the same user
# seen: a key left in nobody's keyring for the next kernel
# device: any
# blind: yes
# runs: 2
# expect: passed
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
for ring in (-4, -5):
    key = libc.syscall(250, 10, ring, b"user", b"kbwf_left", 0)
    if key > 0:
        buffer = ctypes.create_string_buffer(100)
        libc.syscall(250, 11, key, buffer, 100, 0)
        raise RuntimeError("an earlier kernel left " + buffer.value.decode())
    mark = b"KBWF_" + b"BREACH"
    libc.syscall(248, b"user", b"kbwf_left", mark, len(mark), ring)


class ModelNew(Model):
    pass
