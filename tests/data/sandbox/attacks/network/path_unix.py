# Connects to sockets that are files of the host.
# control
import socket
for path in ("@SOCKET@", "/run/dbus/system_bus_socket", "/var/run/docker.sock", "/run/systemd/private", "/tmp/.X11-unix/X0"):
    try:
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).connect(path)
        print("ESCAPED: connected to", path)
    except OSError as error:
        print("stopped:", error)
