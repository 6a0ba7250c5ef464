/* Files from http(s) addresses. Private to builders/. */
#ifndef BUILDERS_DOWNLOAD_H
#define BUILDERS_DOWNLOAD_H

#include "base/error.h"

/*
 * Writes what the address delivers to fd. https and, when the caller is going to check a digest,
 * http; redirects stay within these. At most 64 GiB; stops when cancel_fd (-1: none) is readable.
 */
MUST_CHECK int download_file(
	int fd, const char *url, bool plain_http, int cancel_fd, struct error *err);

#endif
