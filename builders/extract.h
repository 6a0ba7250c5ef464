/* Unpacking a tarball that somebody else made. Private to builders/. */
#ifndef BUILDERS_EXTRACT_H
#define BUILDERS_EXTRACT_H

#include "base/digest.h"
#include "base/error.h"

/*
 * Writes the uncompressed bytes of a file (gzip, bzip2, xz, lzma, zstd, lz4, or none) to `out`,
 * and their digest and number.
 */
MUST_CHECK int extract_plain(
	int out, struct digest *sha256, uint64_t *size, int in, struct error *err);
/* Writes `in` as gzip without name and time. The digest and number are of the gzip's bytes. */
MUST_CHECK int extract_gzip(
	int out, struct digest *sha256, uint64_t *size, int in, struct error *err);
/*
 * Unpacks an uncompressed tar into an empty directory, with owners, modes, times and extended
 * attributes. Nothing is written outside of it, whatever paths and links the archive has. Devices
 * and sockets are skipped. keep_owners false: everything becomes the caller's.
 */
MUST_CHECK int extract_tar(int root, int in, bool keep_owners, struct error *err);

#endif
