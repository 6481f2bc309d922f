// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "core/config/report.hpp"
#include "core/hyperv/features.hpp"
#include "vmx/capabilities.hpp"

namespace vmx::hyperv {

/// The capabilities without the controls whose fields an enlightened VMCS lacks: before any rule
/// is judged, so that controls that go together stay or go together. Names what it takes away in
/// one line for each word.
[[nodiscard]] VmxCapabilities carried_capabilities(const VmxCapabilities &caps,
						   const Features &features,
						   const config::Sink &sink);

} // namespace vmx::hyperv
