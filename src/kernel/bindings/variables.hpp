// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <kernel.hpp>

namespace kernel {
extern "C" {
#include "kernel/bindings/variables.h"
}
} // namespace kernel
