// SPDX-License-Identifier: GPL-2.0-only
//
// The kernel as C++ sees it: what scripts/bindgen made from its BTF, and what BTF does not have.
#pragma once

#include <constants.hpp>
#include <kernel.hpp>

#include "kernel/bindings/private.hpp"
#include "kernel/bindings/variables.hpp"
