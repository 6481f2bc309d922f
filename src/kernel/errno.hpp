// SPDX-License-Identifier: GPL-2.0-only
//
// EINVAL and its kin, as kernel::EINVAL: constants, not macros.
#pragma once

#include <constants.hpp>
