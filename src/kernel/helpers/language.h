/* SPDX-License-Identifier: GPL-2.0-only */
/* The helpers' headers are read by C and by C++. */
#ifndef KVMXX_HELPERS_LANGUAGE_H
#define KVMXX_HELPERS_LANGUAGE_H

#ifndef __cplusplus
#include <linux/types.h>   /* bool */
#endif

#define KVMXX_PRINTF(format, arguments) __attribute__((format(printf, format, arguments)))

#endif
