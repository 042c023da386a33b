# Connects to a server on this machine.
# control
import socket
for address in ("127.0.0.1", "@HOST@", "::1"):
    try:
        socket.create_connection((address, int("@TCP@")), timeout=1).sendall(b"out")
        print("ESCAPED: connected to", address)
    except OSError as error:
        print("stopped:", error)
