// SPDX-License-Identifier: GPL-2.0-only
#include "frame.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define FRAME_MARK 0xa5
#define FRAME_MAX 4096

static int serial = -1;

void frame_open(const char *tty)
{
	struct termios raw;

	serial = open(tty, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (serial < 0 || tcgetattr(serial, &raw) < 0)
		give_up("%s: %s", tty, strerror(errno));
	cfmakeraw(&raw);
	raw.c_cflag |= CLOCAL;
	cfsetspeed(&raw, B115200);
	if (tcsetattr(serial, TCSANOW, &raw) < 0)
		give_up("%s: tcsetattr: %s", tty, strerror(errno));
}

static void write_all(int fd, const unsigned char *data, size_t len)
{
	while (len > 0) {
		ssize_t done = write(fd, data, len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return;
		data += done;
		len -= (size_t)done;
	}
}

void frame_send(enum frame_type type, const void *data, size_t len)
{
	const unsigned char *bytes = data;

	do {
		size_t part = len < FRAME_MAX ? len : FRAME_MAX;
		unsigned char head[4] = {FRAME_MARK, (unsigned char)type, (unsigned char)part,
					 (unsigned char)(part >> 8)};

		write_all(serial, head, sizeof(head));
		write_all(serial, bytes, part);
		bytes += part;
		len -= part;
	} while (len > 0);
}

void frame_text(enum frame_type type, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	frame_send(type, text, strlen(text));
}

void frame_drain(void)
{
	tcdrain(serial);
}

void give_up(const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (serial >= 0) {
		frame_send(FRAME_ERROR, text, strlen(text));
		frame_drain();
	} else {
		dprintf(STDERR_FILENO, "lab agent: %s\n", text);
	}
	/* The host ends the machine; leaving would only add an "init died" panic to its log. */
	for (;;)
		pause();
}
