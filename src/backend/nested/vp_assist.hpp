// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/vcpu/vcpu.hpp"

namespace backend::nested {

/// What of the VP assist page is about nesting (TLFS, "Virtual Processor Assist Page").
struct VpAssist {
	bool enlightened;      ///< VM entries are by an enlightened VMCS
	u64 evmcs;	       ///< its page
	bool direct_hypercall; ///< L0 may act on hypercalls of L2
};

/// The page as it is now, read once. Nothing is enlightened if L1 has none or its memory is not
/// there.
[[nodiscard]] VpAssist read_vp_assist(Vcpu &vcpu);

} // namespace backend::nested
