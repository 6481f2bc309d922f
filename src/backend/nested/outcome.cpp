// SPDX-License-Identifier: GPL-2.0-only
#include "backend/nested/outcome.hpp"

#include "backend/nested/evmcs.hpp"
#include "backend/vcpu/segments.hpp"
#include "core/vmcs12/fields.hpp"

namespace backend::nested {

int finish(Vcpu &vcpu, Outcome outcome)
{
	constexpr u64 cf = bit(0), pf = bit(2), af = bit(4), zf = bit(6), sf = bit(7), of = bit(11);
	u64 flags = get_rflags(&vcpu.kvm) & ~(cf | pf | af | zf | sf | of);

	switch (outcome.kind) {
	case Outcome::Kind::succeed:
		break;
	case Outcome::Kind::fail_invalid:
		flags |= cf;
		break;
	case Outcome::Kind::fail_valid:
		flags |= zf;
		vcpu.nested.vmcs12->instruction_error = static_cast<u32>(outcome.error);
		write_back_error(vcpu);
		break;
	}
	set_rflags(&vcpu.kvm, flags);
	return kernel::kvm_skip_emulated_instruction(&vcpu.kvm);
}

} // namespace backend::nested
