# Reads what tells of the host and its people.
for path in ("/etc/shadow", "/etc/machine-id", "/etc/hostname", "/etc/ssh/sshd_config", "/root/.bashrc",
             "/root/.ssh/authorized_keys", "/var/log/dpkg.log", "/etc/resolv.conf", "/etc/sudoers", "/boot/grub/grub.cfg"):
    try:
        open(path).read()
        print("ESCAPED: read", path)
    except OSError as error:
        print("stopped:", error)
