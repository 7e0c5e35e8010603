"""The threads that PyTorch already has: the team of the OpenMP it was built with, entered as its own loops enter it.

After each of its parallel loops PyTorch's threads spin for some milliseconds, ready for the next. Threads of another
pool that are woken meanwhile share cores with them and are of no help; the team itself begins within microseconds, if
it needs neither Python nor its lock. So a loop over tasks is compiled for each kernel: every thread of the team takes
the next task until none is left.
"""

import ctypes
import multiprocessing
import os
import sys
from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any

import torch
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from diffshape.kernels.compiled import compiled

_LOADED_IN = os.getpid()
_FORKED_BEFORE = multiprocessing.parent_process() is not None and "--multiprocessing-fork" not in sys.orig_argv
"""Whether this process was forked by multiprocessing, maybe from one whose team was at work, before this was loaded."""

FAILURE = "a kernel failed in one of its tasks; with torch.set_num_threads(1) its own error is raised"
"""Text of the error in place of that of a task in a team."""


def team_entry() -> int:
    """Address of what compilers call to begin a parallel region, of the OpenMP that PyTorch depends on; 0 if none.

    GNU's and LLVM's OpenMP on Linux have it. A team does not survive a fork, after which whoever enters it waits
    forever, so there is none in a forked process.
    """
    return 0 if _FORKED_BEFORE or os.getpid() != _LOADED_IN else _entry()


@cache
def _entry() -> int:
    try:
        entry = ctypes.CDLL(torch._C.__file__).GOMP_parallel  # looked up in what the file depends on, too
    except (OSError, AttributeError):  # built with another OpenMP, or without
        return 0
    return ctypes.cast(entry, ctypes.c_void_p).value or 0


@cache
def loop_of(kernel: Any) -> Callable[..., None]:
    """The loop over the tasks of a compiled kernel: call it with an entry, threads, first and last task, arguments.

    With entry 0 the caller does the tasks from ``first`` to before ``last`` by itself; else the team does them from 0
    on. The team has so many threads, the caller one of them; a number that is not PyTorch's makes OpenMP start or end
    some. Within a team that is at work already, the caller is alone.
    """
    name, code = kernel.__name__ + "_loop", kernel.py_func.__code__
    own = _loop.__code__.replace(co_name=name, co_filename=code.co_filename, co_firstlineno=code.co_firstlineno)
    names = {"kernel": kernel, "_call_in_team": _call_in_team, "__name__": kernel.__module__}
    loop = FunctionType(own, names, name)  # a function of the kernel's file, in which Numba's cache knows it again
    return compiled(loop)


def _loop(entry, threads, first, last, *arguments) -> None:
    if entry:
        _call_in_team(entry, threads, kernel, last, arguments)  # pyright: ignore
    else:
        for task in range(first, last):
            kernel(task, *arguments)  # pyright: ignore


@intrinsic
def _call_in_team(typing_context, entry, threads, kernel, tasks, arguments) -> Any:
    """Enter a region in which every thread calls ``kernel(task, *arguments)`` for the next task while there is one."""
    wanted = kernel.get_call_type(typing_context, (types.int64, *arguments.types), {})
    signature = types.void(types.int64, types.int64, kernel, types.int64, arguments)

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        address, team, _, count, given = values
        byte, word = ir.IntType(8).as_pointer(), ir.IntType(64)
        shared = cgutils.alloca_once(builder, ir.LiteralStructType([word, word, word, given.type]))
        for place, value in enumerate((ir.Constant(word, 0), count, ir.Constant(word, 0), given)):
            builder.store(value, cgutils.gep_inbounds(builder, shared, 0, place))
        part = kernel.dispatcher.part.overloads[wanted.args]
        part.library.optimize()
        body = _body(context, builder.module, part.fndesc, shared.type)
        region = ir.FunctionType(ir.VoidType(), [body.type, byte, ir.IntType(32), ir.IntType(32)])
        enter = builder.inttoptr(address, region.as_pointer())
        size = builder.trunc(team, ir.IntType(32))
        builder.call(enter, [body, builder.bitcast(shared, byte), size, ir.Constant(ir.IntType(32), 0)])
        failed = builder.load(cgutils.gep_inbounds(builder, shared, 0, 2))
        with builder.if_then(builder.icmp_signed("!=", failed, ir.Constant(word, 0)), likely=False):
            context.call_conv.return_user_exc(builder, RuntimeError, (FAILURE,))
        return context.get_dummy_value()

    return signature, generate


def _body(context: Any, module: Any, kernel: Any, shared_type: Any) -> Any:
    """What every thread runs: ``for (task = next++; task < tasks; task = next++) kernel(task, *arguments)``.

    ``shared`` holds what is next, the number of tasks, whether one has failed, and the arguments.
    """
    byte, word = ir.IntType(8).as_pointer(), ir.IntType(64)
    name = module.get_unique_name("team_body")
    body = ir.Function(module, ir.FunctionType(ir.VoidType(), [byte]), name)
    body.linkage = "internal"
    builder = ir.IRBuilder(body.append_basic_block("entry"))
    shared = builder.bitcast(body.args[0], shared_type)
    tasks = builder.load(cgutils.gep_inbounds(builder, shared, 0, 1))
    given = builder.load(cgutils.gep_inbounds(builder, shared, 0, 3))
    arguments = cgutils.unpack_tuple(builder, given)
    head, work, end = (body.append_basic_block(each) for each in ("head", "work", "end"))
    builder.branch(head)
    builder.position_at_end(head)
    task = builder.atomic_rmw("add", cgutils.gep_inbounds(builder, shared, 0, 0), ir.Constant(word, 1), "monotonic")
    builder.cbranch(builder.icmp_signed("<", task, tasks), work, end)
    builder.position_at_end(work)
    function = context.declare_function(module, kernel)
    status, _ = context.call_conv.call_function(builder, function, kernel.restype, kernel.argtypes, [task, *arguments])
    with builder.if_then(status.is_error, likely=False):
        builder.store(ir.Constant(word, 1), cgutils.gep_inbounds(builder, shared, 0, 2))
    builder.branch(head)
    builder.position_at_end(end)
    builder.ret_void()
    return body
