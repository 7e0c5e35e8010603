"""The four commands of SLURM that submitit calls, on this machine: tasks are processes, what is known of them is files.

``install`` puts them into a folder, and each call of one runs this file under its name.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

COMMANDS = ("sbatch", "srun", "sacct", "scancel")
_HERE = Path(sys.argv[0]).parent
"""Folder of the commands, when one is called."""
_TASK = """echo $$ > {known}.pid
bash {script}
echo $? > {known}.code"""


def install(folder: Path) -> None:
    """Put the commands into a folder, which is then named first in PATH."""
    folder.mkdir()
    for name in COMMANDS:
        command = folder / name
        command.write_text(f"#!{sys.executable}\n{Path(__file__).read_text()}")
        command.chmod(0o755)


def sbatch(script: Path) -> None:
    """Start each element of an array, or the one task."""
    array = re.search(r"--array=0-(\d+)", script.read_text())
    first = 1 + len(list(_HERE.glob("*.array")))
    (_HERE / f"{first}.array").touch()
    for element in range(int(array[1]) + 1) if array else (None,):
        name, place = f"{first}", {}
        if element is not None:
            name, place = f"{first}_{element}", {"SLURM_ARRAY_JOB_ID": f"{first}", "SLURM_ARRAY_TASK_ID": f"{element}"}
        (_HERE / f"{name}.task").touch()
        words = ["bash", "-c", _TASK.format(known=_HERE / name, script=script)]
        nothing = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.Popen(words, env=os.environ | {"SLURM_JOB_ID": name} | place, start_new_session=True, **nothing)
    print(f"Submitted batch job {first}")


def srun(words: list[str]) -> None:
    """Become the command behind the options."""
    place = next(place for place, word in enumerate(words) if word == sys.executable)
    os.execv(words[place], words[place:])


def sacct() -> None:
    """The state of every task that was submitted."""
    print("JobID|State|NodeList")
    for task in sorted(_HERE.glob("*.task")):
        print(f"{task.stem}|{_state(task.with_suffix(''))}|here")


def scancel(name: str) -> None:
    """Tell the processes of a task to end, and kill them a second later."""
    if _state(_HERE / name) == "RUNNING":
        with contextlib.suppress(ProcessLookupError):
            os.killpg(int((_HERE / f"{name}.pid").read_text()), signal.SIGTERM)
            time.sleep(1)
            os.killpg(int((_HERE / f"{name}.pid").read_text()), signal.SIGKILL)


def _state(known: Path) -> str:
    code, pid = known.with_suffix(".code"), known.with_suffix(".pid")
    if code.exists():
        return "COMPLETED" if code.read_text().strip() == "0" else "FAILED"
    if not pid.exists() or not pid.read_text():
        return "PENDING"
    try:
        os.kill(int(pid.read_text()), 0)
    except ProcessLookupError:
        return "NODE_FAIL"
    return "RUNNING"


if __name__ == "__main__":
    name, words = Path(sys.argv[0]).name, sys.argv[1:]
    {"sbatch": lambda: sbatch(Path(words[-1])), "srun": lambda: srun(words), "sacct": sacct}.get(
        name, lambda: scancel(words[-1])
    )()
