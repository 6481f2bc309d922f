/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the agent says to the host over the second serial port: a mark, a type, a length (16 bits,
 * little endian) and that many bytes. scripts/lab/frames.py is the other end.
 */
#ifndef LAB_FRAME_H
#define LAB_FRAME_H

#include <stddef.h>

enum frame_type {
	FRAME_STAGE = 'S', /* a word for the progress line */
	FRAME_STDOUT = 'O',
	FRAME_STDERR = 'E',
	FRAME_EVENT = 'V', /* one line written by start.sh to its descriptor 3 */
	FRAME_ERROR = 'X', /* the agent gives up, and why */
	FRAME_DONE = 'Z',  /* the results are on the run disk */
};

void frame_open(const char *tty);
void frame_send(enum frame_type type, const void *data, size_t len);
void frame_text(enum frame_type type, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void frame_drain(void);

/* Sends an error frame (or, before frame_open(), prints on the console) and waits to be ended. */
void give_up(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
