# Waits for connections from outside on all addresses.
import socket
for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
    try:
        server = socket.socket(family, socket.SOCK_STREAM)
        server.bind((address, 0))
        server.listen()
        server.settimeout(0.2)
        server.accept()
        print("ESCAPED: someone connected")
    except OSError as error:
        print("stopped:", error)
