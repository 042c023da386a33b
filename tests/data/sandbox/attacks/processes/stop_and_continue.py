# Stops and continues itself by a timer, so that its clocks stand still in between.
# expect: timeout; timeout: 0.5
import os
import signal
signal.signal(signal.SIGCONT, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGTSTP))
while True:
    pass
