# Writes packets of its own making.
import socket
for family, kind, protocol in ((socket.AF_PACKET, socket.SOCK_RAW, 768), (socket.AF_INET, socket.SOCK_RAW, 1),
                               (socket.AF_INET, socket.SOCK_RAW, 255), (socket.AF_INET6, socket.SOCK_RAW, 58)):
    try:
        socket.socket(family, kind, protocol)
        print("ESCAPED: raw packets", family, protocol)
    except OSError as error:
        print("stopped:", error)
