# task: add_mul
# kind: brought_down
# idea: sockets of the process are shut down for one direction, so that the other side waits
# seen: own idea
# device: any
# blind: yes
# expect: crashed, flagged, runtime_error, timeout
import os
import socket
import stat


class ModelNew(Model):
    def forward(self, x, y):
        for fd in range(3, 256):
            try:
                if stat.S_ISSOCK(os.fstat(fd).st_mode):
                    socket.socket(fileno=os.dup(fd)).shutdown(socket.SHUT_RD)
            except OSError:
                continue
        return super().forward(x, y)
