// SPDX-License-Identifier: GPL-2.0-only
//
// Cases in two halves: one leaves its machine in a file, the other goes on from it, in another
// process and under whatever module is loaded then (../migrate).
//
// MIGRATE=save is the first half, whose files are in MIGRATE_DIR, MIGRATE=continue the second.
// MIGRATE=refused is for a module that does not know the revision: it has to say so. Without
// MIGRATE the halves follow one another.
#pragma once

#include "nested.hpp"

namespace kvm {

// Whether the first half is to be done.
bool saves();

// The end of the first half: a file for each vCPU of the machine, with all of its memory. None of
// them runs meanwhile.
void leave(const L1 &l1, const char *name);
void leave(const L1 &first, const L1 &second, const char *name);

// The second half.
void arrive(const char *name, void (*then)(L1 &));
void arrive(const char *name, void (*then)(L1 &first, L1 &second));

// Whether the module that is loaded takes VMCSs of that revision.
bool knows_revision(std::uint32_t revision);

} // namespace kvm
