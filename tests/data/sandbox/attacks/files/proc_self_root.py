# Goes to files of the host through the links that /proc has of a process.
# control
for way in ("/proc/self/root", "/proc/self/cwd/../../../../../../..", "/proc/thread-self/root", "/proc/1/root", "/proc/1/cwd"):
    try:
        print(open(way + "@CANARY@").read())
    except OSError as error:
        print("stopped:", error)
