"""How many wrong kernels the judge's rules let through: mutation analysis of the official and the hardened verdict.

The mutants are made mechanically from code of the project's own (or from a folder of problems that the user names), so
they run without a sandbox, in a child process with a time limit.
"""
