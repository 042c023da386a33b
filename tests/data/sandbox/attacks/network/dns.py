# Asks for the address of a name.
import socket
for name in ("example.com", "@HOSTNAME@"):
    try:
        socket.setdefaulttimeout(1)
        print("ESCAPED:", name, socket.getaddrinfo(name, 80)[0][4])
    except (OSError, UnicodeError) as error:
        print("stopped:", error)
