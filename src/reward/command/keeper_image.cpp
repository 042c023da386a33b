// Takes the built keeper in; AHA_COMMAND_KEEPER is its path while the library is built.
#include "reward/command/keeper_image.h"

asm(".section .rodata\n"
    ".balign 16\n"
    ".hidden aha_command_keeper_begin\n"
    ".global aha_command_keeper_begin\n"
    "aha_command_keeper_begin:\n"
    ".incbin \"" AHA_COMMAND_KEEPER
    "\"\n"
    ".hidden aha_command_keeper_end\n"
    ".global aha_command_keeper_end\n"
    "aha_command_keeper_end:\n"
    ".previous\n");

extern "C" {
extern const char aha_command_keeper_begin[] __attribute__((visibility("hidden")));
extern const char aha_command_keeper_end[] __attribute__((visibility("hidden")));
}

namespace aha::reward {

std::string_view keeper_image() {
  return {aha_command_keeper_begin, static_cast<size_t>(aha_command_keeper_end - aha_command_keeper_begin)};
}

}  // namespace aha::reward
