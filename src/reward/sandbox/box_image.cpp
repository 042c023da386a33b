// aha_box, the program that makes boxes, as bytes inside the library: who links it needs no file beside his program.
#include "reward/sandbox/box_image.h"

#include <cstddef>

asm(".pushsection .rodata\n"
    ".balign 16\n"
    "aha_box_image_begin:\n"
    ".incbin \"" AHA_BOX_PROGRAM
    "\"\n"
    "aha_box_image_end:\n"
    ".popsection\n");

extern "C" const char aha_box_image_begin[] __attribute__((visibility("hidden")));
extern "C" const char aha_box_image_end[] __attribute__((visibility("hidden")));

namespace aha::reward {

std::string_view box_image() { return {aha_box_image_begin, size_t(aha_box_image_end - aha_box_image_begin)}; }

}  // namespace aha::reward
