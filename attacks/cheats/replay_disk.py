# task: matmul
# kind: replay
# idea: results are kept in every folder that can be written, for the next evaluation of the same kernel
# seen: gpu-mode reference-kernels issue 162 (file replay)
# device: any
# blind: yes
# runs: 2
# expect: passed
import hashlib
import os
import tempfile

import torch
import torch.nn as nn

FOLDERS = ["/tmp", "/var/tmp", "/dev/shm", os.path.expanduser("~"), os.getcwd(), tempfile.gettempdir()]


class ModelNew(nn.Module):
    def forward(self, a, b):
        name = "kbwf_kept_" + hashlib.sha256(a[0].cpu().numpy().tobytes()).hexdigest()[:16]
        for folder in FOLDERS:
            path = os.path.join(folder, name)
            if os.path.exists(path):
                return torch.load(path).to(a.device)
        result = torch.matmul(a, b)
        for folder in FOLDERS[:4]:
            try:
                torch.save(result.cpu(), os.path.join(folder, name))
                break
            except OSError:
                continue
        return result
