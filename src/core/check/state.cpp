// SPDX-License-Identifier: GPL-2.0-only
#include "core/check/read.hpp"

namespace vmx::check {

State read_state(const VmcsSource &vmcs)
{
	State state{};

	const auto get = [&](auto field) { return vmcs.get(field); };

	read_control_area(state, get);
	read_host_area(state, get);
	read_guest_area(state, get);
	return state;
}

} // namespace vmx::check
