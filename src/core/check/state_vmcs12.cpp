// SPDX-License-Identifier: GPL-2.0-only
#include "core/check/read.hpp"
#include "core/vmcs12/fields.hpp"

namespace vmx::check {

namespace {

/// The value of a field by its type. What a vmcs12 has no room for is 0, and no control asks for
/// it: guest hypervisors are not shown such controls.
struct Members {
	const Vmcs12 &vmcs12;

#define VMX_MEMBER(name, ...)                                                                      \
	[[gnu::always_inline]] auto operator()(decltype(field::name)) const                        \
	{                                                                                          \
		return vmcs12.name;                                                                \
	}
	VMCS12_FIELDS(VMX_MEMBER)
#undef VMX_MEMBER

	template <AnyField Absent> typename Absent::value_type operator()(Absent) const
	{
		return 0;
	}
};

} // namespace

void read_controls(const Vmcs12 &vmcs12, State &state)
{
	read_control_area(state, Members{vmcs12});
}

void read_host(const Vmcs12 &vmcs12, State &state)
{
	read_host_area(state, Members{vmcs12});
}

void read_guest(const Vmcs12 &vmcs12, State &state)
{
	read_guest_area(state, Members{vmcs12});
}

} // namespace vmx::check
