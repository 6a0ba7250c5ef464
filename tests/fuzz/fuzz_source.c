/* A source from somebody's command line, and what a submodule's address makes of it. */
#include "fetch/snapshot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Two lines: the source, and an address that may be relative to it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(arena) a = {0};
	struct error err = {0};
	struct fetch_source s = {0};
	struct fetch_source again = {0};
	struct str line = {0};
	struct str url = {0};
	struct str text = {(const char *)data, size};
	if (!str_cut(&text, '\n', &line) || fetch_source_parse(&s, line, &err) < 0)
		return 0;
	struct str written = fetch_source_str(&a, &s, s.commit);
	if (fetch_source_parse(&again, written, &err) < 0 || !str_eq(again.url, s.url) ||
		!str_eq(again.path, s.path))
		abort();
	if (url_resolve(&a, s.url, text, &url, &err) == 0 && url_is_local(url) &&
		!url_is_local(s.url))
		abort();
	return 0;
}
