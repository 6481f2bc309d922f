// SPDX-License-Identifier: GPL-2.0-only
#include "backend/hw/instructions.hpp"

#include "kernel/print.hpp"

namespace hw {

void vmread_failed(u32 encoding)
{
	if (enlightened::in_use()) {
		enlightened::missing(encoding, false);
		return;
	}
	kernel::warn_ratelimited("VMREAD of field %x failed: it does not exist on this CPU\n",
				 encoding);
}

void vmwrite_failed(u32 encoding, u64 value)
{
	if (enlightened::in_use()) {
		enlightened::missing(encoding, true);
		return;
	}
	kernel::warn_ratelimited("VMWRITE of field %x = %lx failed: error %u\n", encoding, value,
				 static_cast<u32>(vmread(0x4400)));
}

} // namespace hw
