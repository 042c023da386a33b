# Connects to a socket that has a name but no file.
# control
import socket
for kind in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET):
    try:
        socket.socket(socket.AF_UNIX, kind).connect("\0@ABSTRACT@")
        print("ESCAPED: connected")
    except OSError as error:
        print("stopped:", error)
