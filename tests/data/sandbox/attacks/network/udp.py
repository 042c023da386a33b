# Sends datagrams to this machine.
# control
import socket
for address in ("127.0.0.1", "@HOST@"):
    try:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"out", (address, int("@UDP@")))
    except OSError as error:
        print("stopped:", error)
