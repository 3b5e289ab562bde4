"""Runs the bank of kernels that try to cheat the judge, and of honest ones, through a judge of their own."""
