// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <constants.hpp>

/// For the text of an asm statement: where the CPU has FEATURE, a number, what stands between
/// labels FROM and TO becomes a jump to TARGET while the module is loaded; elsewhere nothing is
/// tested and nothing added. FROM to TO must be five bytes or more, the length of that jump.
/// An entry of the kernel's table is the offsets of both pieces from where they are noted, the
/// feature, and the lengths of both (helpers/layout.c).
#define KVMXX_JUMP_IF_CPU_HAS(feature, from, to, target)                                           \
	".pushsection .altinstructions, \"a\"\n"                                                   \
	".long (" from ") - .\n"                                                                   \
	".long 773f - .\n"                                                                         \
	".word " feature "\n"                                                                      \
	".byte (" to ") - (" from ")\n"                                                            \
	".byte 774f - 773f\n"                                                                      \
	".popsection\n"                                                                            \
	".pushsection .altinstr_replacement, \"ax\"\n"                                             \
	"773: jmp " target "\n"                                                                    \
	"774:\n"                                                                                   \
	".popsection\n"
