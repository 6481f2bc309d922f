// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <constants.hpp>

/// For the text of an asm statement: a fault of the instruction at label FROM goes to label TO.
/// The kernel's table has three offsets to an entry: both labels, relative to where they stand, and
/// what kind of fixing up is wanted; 1 is the plain one.
#define KVMXX_EXTABLE(from, to)                                                                    \
	".pushsection \"__ex_table\", \"a\"\n"                                                     \
	".balign 4\n"                                                                              \
	".long (" from ") - .\n"                                                                   \
	".long (" to ") - .\n"                                                                     \
	".long 1\n"                                                                                \
	".popsection\n"

static_assert(kernel::EX_TYPE_DEFAULT == 1);
