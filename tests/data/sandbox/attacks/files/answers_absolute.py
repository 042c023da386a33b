# Opens a file of the host by its absolute path.
# control
print(open("@CANARY@").read())
