# Lifts its limit of time, ignores its signal, and answers after three times the time.
# output: 42; expect: timeout; timeout: 0.5
import resource
import signal
import time
for number in (signal.SIGXCPU, signal.SIGALRM, signal.SIGTERM, signal.SIGVTALRM):
    signal.signal(number, signal.SIG_IGN)
try:
    resource.setrlimit(resource.RLIMIT_CPU, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print("ESCAPED: lifted the limit of time")
except (OSError, ValueError):
    pass
while time.process_time() < 1.5:
    pass
print(42)
