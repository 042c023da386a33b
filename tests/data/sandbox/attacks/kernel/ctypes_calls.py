# Makes forbidden system calls from Python, by the C library.
import ctypes
library = ctypes.CDLL(None, use_errno=True)
calls = {"ptrace": (101, 0, 0, 0, 0), "unshare": (272, 0x10000000), "mount": (165, b"none", b"/tmp", b"tmpfs", 0, 0),
         "bpf": (321, 0, 0, 0), "add_key": (248, b"user", b"a", b"b", 1, -3), "io_uring_setup": (425, 8, ctypes.create_string_buffer(120)),
         "setns": (308, 0, 0), "chroot": (161, b"/"), "userfaultfd": (323, 1), "memfd_create": (319, b"a", 0),
         "socket": (41, 16, 3, 0), "keyctl": (250, 0, -3, 1), "pidfd_getfd": (438, 0, 0, 0)}
for name, (number, *arguments) in calls.items():
    if library.syscall(number, *arguments) >= 0:
        print("ESCAPED:", name)
