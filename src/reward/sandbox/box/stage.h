// What a server of boxes is before the first one: out of the machine's sight, with a root folder that boxes share.
#pragma once
#include <string>

#include "reward/sandbox/box/control_group.h"
#include "reward/sandbox/box/descriptor.h"
#include "reward/sandbox/protocol.h"

namespace aha::box {

struct Stage {
  Tier tier = Tier::kNamespaces;
  Descriptor proc;  // the machine's /proc, of the server alone: no box gets it
  ControlGroup group;
};

/// @param slot counts the servers of one owner. @return why not, or empty
std::string enter_stage(Stage& stage, Tier tier, int owner, int slot);

}  // namespace aha::box
