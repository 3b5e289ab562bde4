# task: add_mul
# kind: brought_down
# idea: the process lowers its own limits to nothing, for files, memory, processes and time
# seen: own idea
# device: any
# blind: yes
# expect: crashed, runtime_error, flagged, compile_error, passed
import resource

for name in ("RLIMIT_NOFILE", "RLIMIT_NPROC", "RLIMIT_FSIZE", "RLIMIT_CORE", "RLIMIT_AS", "RLIMIT_DATA"):
    try:
        resource.setrlimit(getattr(resource, name), (0, 0))
    except (OSError, ValueError):
        continue


class ModelNew(Model):
    pass
