// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/field.hpp"

namespace vmx {

/// Where the fields of a VMCS come from: a VMCS that is current, a copy in memory, a test's list.
struct VmcsSource {
	/// @return false if there is no such field, as on a CPU without the feature.
	bool (*read_field)(void *context, u32 encoding, u64 &value) = nullptr;
	void *context = nullptr;

	[[nodiscard]] bool read(u32 encoding, u64 &value) const
	{
		return read_field(context, encoding, value);
	}

	/// The field's value, 0 if it does not exist.
	template <AnyField F> [[nodiscard]] typename F::value_type get(F) const
	{
		u64 value = 0;

		return read(F::encoding, value) ? static_cast<typename F::value_type>(value) : 0;
	}
};

} // namespace vmx
