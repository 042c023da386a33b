# Raises the limit of a file's size, ignores its signal and writes 256 MB into one file.
import resource
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
except (OSError, ValueError) as error:
    print("limit stays:", error)
try:
    with open("/tmp/aha_attack_@TOKEN@", "wb") as file:
        for _ in range(256):
            file.write(bytes(1 << 20))
    print("ESCAPED: a file of 256 MB")
except OSError as error:
    print("stopped:", error)
