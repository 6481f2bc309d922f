// SPDX-License-Identifier: GPL-2.0-only
#pragma once

extern "C" {
#include "kernel/parameters.h"
}
