// Finds out which files the host has.
// control
#include <stdio.h>
int main(void) {
#if __has_include("@CANARY@")
  puts("ESCAPED: the file is there");
#endif
#if __has_include("/etc/shadow") || __has_include("/proc/1/environ") || __has_include("/root/.bashrc")
  puts("ESCAPED: files of the host are there");
#endif
}
