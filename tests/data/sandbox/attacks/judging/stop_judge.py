# Prints the right answer, stops whoever would notice, and fails.
# output: 42; expect: runtime_error
import os
import signal
print(42, flush=True)
for pid in (1, os.getppid()):
    try:
        os.kill(pid, signal.SIGSTOP)
    except OSError:
        pass
os._exit(77)
