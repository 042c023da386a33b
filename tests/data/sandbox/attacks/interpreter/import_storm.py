# Imports everything there is.
# expect: ok|runtime_error|timeout|memory; timeout: 1
import sys
for name in sorted(sys.stdlib_module_names):
    if name not in ("antigravity", "this", "idlelib", "turtle", "turtledemo"):
        try:
            __import__(name)
        except BaseException as error:
            print(name, type(error).__name__)
