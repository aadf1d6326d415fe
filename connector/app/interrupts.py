"""Ctrl-C, and the stop that a scheduler asks for: heard once, and by nothing in between forgotten.

Python raises KeyboardInterrupt wherever the main thread happens to be. Inside a finaliser or a
callback of a weak reference it is printed and dropped, and a run of an hour would go on to its end.
"""

import signal
import threading
from types import FrameType

_asked: list[int] = []


def listen() -> None:
    """Make an interruption of SIGINT (Ctrl-C) and of SIGTERM (systemd, Kubernetes, Airflow)."""
    if threading.current_thread() is not threading.main_thread():
        return
    forget()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Who was started with a signal ignored, by nohup for one, goes on ignoring it.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


def forget() -> None:
    """Forget what was asked for."""
    _asked.clear()


def check() -> None:
    """Raise KeyboardInterrupt if one was asked for, whatever became of it."""
    if _asked:
        raise KeyboardInterrupt


def exit_code() -> int:
    """Return what a shell expects of a program that a signal ended: 130, or 143 for SIGTERM."""
    return 128 + (_asked[0] if _asked else signal.SIGINT)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    _asked.append(number)
    raise KeyboardInterrupt
