// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "core/hyperv/features.hpp"

namespace backend::hyperv {

/// What of Hyper-V below this kernel is used, as the parameter `enlightened_vmcs` has it. Says so
/// in the log. At load, before there is a VMCS.
vmx::hyperv::Features detect();

} // namespace backend::hyperv
