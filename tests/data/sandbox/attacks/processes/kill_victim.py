# Kills a process outside, whose number it is told on stdin.
import os
import signal
victim = int(input())
for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGKILL):
    try:
        os.kill(victim, number)
        print("sent", number)
    except OSError as error:
        print("stopped:", error)
