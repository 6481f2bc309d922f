// SPDX-License-Identifier: GPL-2.0-only
#include "core/check/read.hpp"

namespace vmx::check {

State read_state(const VmcsSource &vmcs)
{
	State state{};

	read_fields(state, [&](auto field) { return vmcs.get(field); });
	return state;
}

} // namespace vmx::check
