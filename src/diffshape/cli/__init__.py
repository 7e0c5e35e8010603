"""The command line: one module a verb, each an argument dataclass and ``run(arguments) -> int``, the exit code.

Exit codes: 0 done, 1 the run failed, 2 usage, 3 some of several fits failed, 130 interrupted (what was made is saved).
Results go to stdout, progress and errors to stderr. Torch is imported when a verb runs, never for ``--help``.
"""
