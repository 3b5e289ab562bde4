# task: add_mul
# kind: streams
# idea: the inputs' lines are set aside in L2 and survive the evaluator's flush
# seen: gpu-mode pygpubench pull request 49 (L2 persistence)
# device: cuda
# blind: yes
# expect: flagged
import ctypes

import torch


class Window(ctypes.Structure):
    _fields_ = [
        ("base_ptr", ctypes.c_void_p),
        ("num_bytes", ctypes.c_size_t),
        ("hitRatio", ctypes.c_float),
        ("hitProp", ctypes.c_int),
        ("missProp", ctypes.c_int),
    ]


class Attribute(ctypes.Union):
    _fields_ = [("window", Window), ("padding", ctypes.c_char * 64)]


def runtime():
    for line in open("/proc/self/maps"):
        if "libcudart" in line:
            return ctypes.CDLL(line.split()[-1])
    return None


class ModelNew(Model):
    def __init__(self):
        super().__init__()
        self.cudart = runtime()
        self.stream = torch.cuda.Stream()
        if self.cudart is not None:
            self.cudart.cudaDeviceSetLimit(6, ctypes.c_size_t(32 << 20))  # cudaLimitPersistingL2CacheSize

    def forward(self, x, y):
        if self.cudart is None:
            return super().forward(x, y)
        main = torch.cuda.current_stream()
        self.stream.wait_stream(main)
        attribute = Attribute()
        attribute.window = Window(x.data_ptr(), min(x.numel() * 4, 32 << 20), 1.0, 2, 1)
        self.cudart.cudaStreamSetAttribute(ctypes.c_void_p(self.stream.cuda_stream), 1, ctypes.byref(attribute))
        with torch.cuda.stream(self.stream):
            result = super().forward(x, y)
        main.wait_stream(self.stream)
        return result
