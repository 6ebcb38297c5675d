"""CPU time in nanoseconds, by the scheduler: ticks miss half of short bursts (design section 9)."""

from papayactl.system import proc
from papayactl.system.process import Process


def nanoseconds(process: Process) -> int:
    """What a process has used since it began; by ticks if the scheduler does not say it."""
    tasks = [f"task/{process.pid}"]
    if process.threads > 1:
        tasks = [f"task/{task}" for task in proc.tasks(process.pid) or ()]
    texts = [proc.text(process.pid, f"{task}/schedstat") for task in tasks]
    told = [int(text.split()[0]) for text in texts if text]
    return sum(told) if told else int((process.user + process.system) * 1e9)
