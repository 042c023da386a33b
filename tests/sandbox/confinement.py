"""Takes from a child process what a machine may not give: the rights of root, namespaces, Landlock.

Each function is called between fork and exec.
"""
import ctypes
import os
import struct

NORMAL_USER = 20001
CLONE, UNSHARE, CLONE3, LANDLOCK_CREATE_RULESET = 56, 272, 435, 444
NEW_NAMESPACES = 0x7E020000  # CLONE_NEW{USER,PID,NS,NET,IPC,UTS,CGROUP}
EPERM, ENOSYS = 1, 38
LOAD, EQUAL, ANY_BIT, RETURN = 0x20, 0x15, 0x45, 0x06
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, PR_SET_CHILD_SUBREAPER = 22, 38, 36
LIBC = ctypes.CDLL(None, use_errno=True)


def instruction(code, value, if_true=0, if_false=0):
    return struct.pack("HBBI", code, if_true, if_false, value)


def call_filter(without_namespaces, without_landlock):
    """A seccomp filter as container runtimes have it: clone3 is unknown, clone and unshare make no namespaces."""
    program = [instruction(LOAD, 0)]
    unknown = [CLONE3] * without_namespaces + [LANDLOCK_CREATE_RULESET] * without_landlock
    for number in unknown:
        program += [instruction(EQUAL, number, 0, 1), instruction(RETURN, ERRNO | ENOSYS)]
    if without_namespaces:
        program += [instruction(EQUAL, CLONE, 2), instruction(EQUAL, UNSHARE, 1), instruction(RETURN, ALLOW),
                    instruction(LOAD, 16), instruction(ANY_BIT, NEW_NAMESPACES, 0, 1),
                    instruction(RETURN, ERRNO | EPERM)]
    return program + [instruction(RETURN, ALLOW)]


class FilterProgram(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def forbid(without_namespaces=False, without_landlock=False):
    program = call_filter(without_namespaces, without_landlock)
    loaded = FilterProgram(len(program), b"".join(program))
    if LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or LIBC.prctl(PR_SET_SECCOMP, 2, ctypes.byref(loaded)):
        raise OSError(ctypes.get_errno(), "no filter of system calls")


def become_normal_user():
    os.setgroups([])
    os.setgid(NORMAL_USER)
    os.setuid(NORMAL_USER)


def adopt_orphans():
    """From now on, children whose parents die become this process's: nobody who survives can hide."""
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
